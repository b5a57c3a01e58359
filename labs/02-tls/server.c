/* Lab 2, server: send back what arrives, over TLS.
 * New: a certificate and its key. Who reads along understands no word. */
#include "net.h"
#include "tlserr.h"

#include <err.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* What all connections share: version and ciphers, who we are, our key. */
static SSL_CTX *tls_server_ctx(const char *cert, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        tls_err(1, "SSL_CTX_new");
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_read_ahead(ctx, 1); /* not each record in two reads */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets do */
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        tls_err(1, "certificate %s", cert);
    /* Nobody is here to type the password of an encrypted key. */
    SSL_CTX_set_default_passwd_cb_userdata(ctx, "");
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        tls_err(1, "key %s", key);
    return ctx;
}

/* Only interrupted, as by Ctrl-Z and fg? Then the same call once more. */
static int tls_again(const SSL *ssl)
{
    return SSL_want(ssl) != SSL_NOTHING && errno == EINTR;
}

/* The handshake; if it fails, a line in the log, and NULL. */
static SSL *tls_accept(SSL_CTX *ctx, int fd, const char *peer)
{
    SSL *ssl = SSL_new(ctx);
    int ok = 0;

    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1)
        while ((ok = SSL_accept(ssl)) != 1 && tls_again(ssl))
            continue;
    if (ok == 1) {
        warnx("%s: %s %s", peer, SSL_get_version(ssl), SSL_get_cipher(ssl));
        return ssl;
    }
    warnx("%s: handshake: %s", peer, tls_cause(ssl));
    SSL_free(ssl);
    return NULL;
}

/* Say goodbye, too; to wait for more is not needed. */
static int tls_goodbye(SSL *ssl)
{
    return SSL_shutdown(ssl) >= 0 || (tls_again(ssl) && tls_goodbye(ssl));
}

/* Send back what arrives, until the client says goodbye: 1 if it did. */
static int echo(SSL *ssl)
{
    char buf[16384];

    for (size_t n;;) {
        while (SSL_read_ex(ssl, buf, sizeof(buf), &n) != 1)
            if (!tls_again(ssl)) /* a FIN can be forged, close_notify cannot */
                return SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN;
        while (SSL_write_ex(ssl, buf, n, &n) != 1)
            if (!tls_again(ssl))
                return 0;
    }
}

static void serve(int fd, const char *peer, void *ctx)
{
    SSL *ssl = tls_accept(ctx, fd, peer);
    if (ssl == NULL)
        return;
    if (echo(ssl) && tls_goodbye(ssl))
        warnx("%s: goodbye", peer);
    else
        tls_warn("%s: broken off", peer);
    SSL_free(ssl);
}

int main(int argc, char *argv[])
{
    if (argc != 5) {
        fprintf(stderr, "usage: server HOST PORT CERT KEY\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    tcp_serve(argv[1], argv[2], serve, tls_server_ctx(argv[3], argv[4]));
    quick_exit(0); /* not exit(): threads may still need what it frees */
}
