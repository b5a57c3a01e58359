/* Lab 3, exercise: a client that asks a question over TLS, with three holes.
 * Nothing marks them. Whom does it believe, whom should it, and what? */
#include "net.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* What all connections share: the CA, and what it has taken back. */
static SSL_CTX *client_ctx(const char *ca, const char *crl)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        tls_err(1, "SSL_CTX_new");
    if (SSL_CTX_load_verify_file(ctx, ca) != 1)
        tls_err(1, "CA %s", ca);
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509_LOOKUP *file = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (file == NULL || X509_load_crl_file(file, crl, X509_FILETYPE_PEM) < 1)
        tls_err(1, "CRL %s", crl);
    X509_STORE_set_flags(store,
                         X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    /* BEGIN SOLUTION */
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    /* STARTER
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    END SOLUTION */
    return ctx;
}

/* Ask for the server by its name, and see who has answered. */
static void handshake(SSL *ssl, const char *host)
{
    /* BEGIN SOLUTION */
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (SSL_set1_host(ssl, host) != 1)
        tls_err(1, "name %s", host);
    /* STARTER
    END SOLUTION */
    if (SSL_set_tlsext_host_name(ssl, host) != 1)
        tls_err(1, "name %s", host);
    /* BEGIN SOLUTION */
    if (SSL_connect(ssl) != 1)
        errx(1, "not %s: %s", host, tls_cause(ssl));
    /* STARTER
    if (SSL_connect(ssl) != 1)
        tls_err(1, "handshake");
    if (SSL_get_verify_result(ssl) != X509_V_OK)
        warnx("careful, the certificate of %s: %s", host, tls_cause(ssl));
    END SOLUTION */
    warnx("%s, with %s", SSL_get_version(ssl), host);
}

/* The answer ends with the server's goodbye. */
static void hear(SSL *ssl)
{
    char buf[16384];
    size_t n;

    while (SSL_read_ex(ssl, buf, sizeof(buf), &n) == 1)
        if (fwrite(buf, 1, n, stdout) != n)
            err(1, "standard output");
    if (fflush(stdout) != 0)
        err(1, "standard output");
    /* BEGIN SOLUTION */
    if (SSL_get_error(ssl, 0) != SSL_ERROR_ZERO_RETURN)
        tls_err(1, "the answer is broken off");
    /* STARTER
    END SOLUTION */
}

int main(int argc, char *argv[])
{
    char buf[16384];
    size_t n;

    if (argc != 5) {
        fprintf(stderr, "usage: client HOST PORT CA CRL\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    SSL_CTX *ctx = client_ctx(argv[3], argv[4]);
    int fd = tcp_connect(argv[1], argv[2]);
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        tls_err(1, "SSL_new");
    handshake(ssl, argv[1]);
    while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0)
        if (SSL_write_ex(ssl, buf, n, &n) != 1)
            tls_err(1, "write");
    if (ferror(stdin))
        err(1, "standard input");
    hear(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(ctx);
    return 0;
}
