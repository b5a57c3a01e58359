/* Lab 4, server: send back what arrives, over TLS, to known clients only.
 * New: the CA that vouches for clients, its CRL, and who may do what. */
#include "net.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Ask clients for a certificate of this CA, and take no for no answer. */
static void tls_ask(SSL_CTX *ctx, const char *ca, const char *crl)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509_LOOKUP *file = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    if (SSL_CTX_load_verify_file(ctx, ca) != 1)
        tls_err(1, "CA %s", ca);
    if (file == NULL || X509_load_crl_file(file, crl, X509_FILETYPE_PEM) < 1)
        tls_err(1, "CRL %s", crl);
    X509_STORE_set_flags(store,
                         X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(ca));
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    /* Who resumes a session is not checked anew: let it at least be ours. */
    if (SSL_CTX_set_session_id_context(ctx, (const void *)"lab 4", 5) != 1)
        tls_err(1, "session context");
}

/* Does the line "shutdown" end here? Its bytes may come in any pieces. */
static int is_shutdown(const char *buf, size_t n, size_t *seen)
{
    for (size_t i = 0; i < n && *seen != 9; i++)
        if (*seen < 9 && buf[i] == "shutdown\n"[*seen])
            *seen += 1;
        else
            *seen = buf[i] == '\n' ? 0 : 99; /* another line: to its end */
    return *seen == 9;
}

/* Send back what arrives, until the client says goodbye (1). To be known is
 * not to be allowed everything: "shutdown" is for admins (2), not for all. */
static int echo(SSL *ssl, const char *peer, int admin)
{
    char buf[16384];
    size_t n, seen = 0;

    for (;;) {
        while (SSL_read_ex(ssl, buf, sizeof(buf), &n) != 1)
            if (!tls_again(ssl)) /* a FIN can be forged, close_notify cannot */
                return SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN;
        if (is_shutdown(buf, n, &seen) && !admin) {
            warnx("%s: shutdown is not for you", peer);
            return 1;
        }
        while (SSL_write_ex(ssl, buf, n, &n) != 1)
            if (!tls_again(ssl))
                return 0;
        if (seen == 9)
            return 2;
    }
}

static void serve(int fd, const char *peer, void *ctx)
{
    SSL *ssl = tls_accept(ctx, fd, peer);
    char who[2048];

    if (ssl == NULL)
        return;
    X509 *cert = SSL_get0_peer_certificate(ssl);
    int admin = X509_check_host(cert, "admin", 0,
                                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL);
    warnx("%s: is %s", peer,
          X509_NAME_oneline(X509_get_subject_name(cert), who, sizeof(who)));
    int end = echo(ssl, peer, admin == 1);
    if (end > 0 && tls_goodbye(ssl))
        warnx("%s: goodbye", peer);
    else
        tls_warn("%s: broken off", peer);
    SSL_free(ssl);
    if (end == 2)
        raise(SIGTERM);
}

int main(int argc, char *argv[])
{
    if (argc != 7) {
        fprintf(stderr, "usage: server HOST PORT CERT KEY CA CRL\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    SSL_CTX *ctx = tls_server_ctx(argv[3], argv[4]);
    tls_ask(ctx, argv[5], argv[6]);
    tcp_serve(argv[1], argv[2], serve, ctx);
    quick_exit(0); /* not exit(): threads may still need what it frees */
}
