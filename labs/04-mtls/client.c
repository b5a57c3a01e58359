/* Lab 4, client: send standard input over TLS, and say who we are.
 * New: our own certificate and its key. */
#include "net.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Who we are, should the server ask. */
static void tls_present(SSL_CTX *ctx, const char *cert, const char *key)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        tls_err(1, "certificate %s", cert);
    /* Nobody is here to type the password of an encrypted key. */
    SSL_CTX_set_default_passwd_cb_userdata(ctx, "");
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        tls_err(1, "key %s", key);
}

/* A write failed. If that was a reset, an alert may have come before it: it can
 * still be read, and says why. If there is none, the write knows better. */
static void tls_last_word(SSL *ssl)
{
    int saved = errno;
    size_t n;
    char c;

    if (saved != EPIPE && saved != ECONNRESET)
        return;
    ERR_clear_error(); /* from OpenSSL 3.2 on, the write is in there, too */
    SSL_read_ex(ssl, &c, 1, &n);
    if (ERR_GET_REASON(ERR_peek_error()) < SSL_AD_REASON_OFFSET)
        ERR_clear_error(); /* no alert */
    errno = saved;
}

/* Send n bytes, then wait until the same number has come back. */
static void echo(SSL *ssl, const char *out, size_t n)
{
    char in[16384];
    size_t done, k;

    while (SSL_write_ex(ssl, out, n, &k) != 1)
        if (!tls_again(ssl)) {
            tls_last_word(ssl);
            tls_err(1, "write");
        }
    for (done = 0; done < n; done += k) {
        /* In TLS 1.3 a refusal of our certificate arrives only now. */
        while (SSL_read_ex(ssl, in, n - done, &k) != 1)
            if (SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN)
                errx(1, "read: the server hung up");
            else if (!tls_again(ssl))
                tls_err(1, "read");
        if (fwrite(in, 1, k, stdout) != k || fflush(stdout) != 0)
            err(1, "standard output");
    }
}

int main(int argc, char *argv[])
{
    char buf[16384];
    ssize_t n;

    if (argc != 6) {
        fprintf(stderr, "usage: client HOST PORT CA CERT KEY\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    SSL_CTX *ctx = tls_client_ctx(argv[3]);
    tls_present(ctx, argv[4], argv[5]);
    int fd = tcp_connect(argv[1], argv[2]);
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        tls_err(1, "SSL_new");
    tls_handshake(ssl, argv[1]);
    while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
        echo(ssl, buf, (size_t)n);
    if (n == -1)
        err(1, "standard input");

    /* Say that we are done, then hear the server say the same. */
    while ((n = SSL_shutdown(ssl)) != 1)
        if (n < 0 && !tls_again(ssl)) {
            tls_last_word(ssl);
            tls_err(1, "the server did not say goodbye");
        }
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(ctx);
    return 0;
}
