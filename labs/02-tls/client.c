/* Lab 2, client: send standard input over TLS, print what comes back.
 * New: encryption. But with whom? This client does not ask; lab 3 does. */
#include "net.h"
#include "tlserr.h"

#include <err.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* What all connections share. On purpose, nothing is verified here. */
static SSL_CTX *tls_client_ctx(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        tls_err(1, "SSL_CTX_new");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    return ctx;
}

/* Only interrupted, as by Ctrl-Z and fg? Then the same call once more. */
static int tls_again(const SSL *ssl)
{
    return SSL_want(ssl) != SSL_NOTHING && errno == EINTR;
}

static void tls_handshake(SSL *ssl)
{
    while (SSL_connect(ssl) != 1)
        if (!tls_again(ssl))
            tls_err(1, "handshake");
    warnx("%s %s, with somebody: not verified", SSL_get_version(ssl),
          SSL_get_cipher(ssl));
}

/* Send n bytes, then wait until the same number has come back. */
static void echo(SSL *ssl, const char *out, size_t n)
{
    char in[16384];
    size_t done, k;

    while (SSL_write_ex(ssl, out, n, &k) != 1)
        if (!tls_again(ssl))
            tls_err(1, "write");
    for (done = 0; done < n; done += k) {
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

    if (argc != 3) {
        fprintf(stderr, "usage: client HOST PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    SSL_CTX *ctx = tls_client_ctx();
    int fd = tcp_connect(argv[1], argv[2]);
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        tls_err(1, "SSL_new");
    tls_handshake(ssl);
    while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
        echo(ssl, buf, (size_t)n);
    if (n == -1)
        err(1, "standard input");

    /* Say that we are done, then hear the server say the same. */
    while ((n = SSL_shutdown(ssl)) != 1)
        if (n < 0 && !tls_again(ssl))
            tls_err(1, "the server did not say goodbye");
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(ctx);
    return 0;
}
