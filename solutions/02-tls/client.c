/* Lab 2, exercise: TLS without a CA, but with a memory.
 * To do: 2.1 the pin of a key, 2.2 insist on it from the second visit on. */
#include "net.h"
#include "tlserr.h"

#include <err.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIN = 32 }; /* bytes; in a file they are twice as many hex digits */

/* TODO 2.1: the SHA-256 of the server's public key, as it stands in its
 * certificate: all of SubjectPublicKeyInfo, in DER. */
static void get_pin(SSL *ssl, unsigned char pin[PIN])
{
    /* BEGIN SOLUTION */
    X509_PUBKEY *key = X509_get_X509_PUBKEY(SSL_get0_peer_certificate(ssl));
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(key, &der);

    if (n < 0 || EVP_Digest(der, n, pin, NULL, EVP_sha256(), NULL) != 1)
        tls_err(1, "public key");
    OPENSSL_free(der);
    /* STARTER
    (void)ssl;
    memset(pin, 0, PIN);
    END SOLUTION */
}

/* What PINS says of this server: a line "HOST PORT PIN". 0: nothing. */
static int look_up(const char *pins, const char *host, const char *port,
                   char known[2 * PIN + 1])
{
    char line[512], h[256], p[16];
    FILE *in = fopen(pins, "r");
    int found = 0;

    if (in == NULL && errno != ENOENT)
        err(1, "%s", pins);
    while (in != NULL && !found && fgets(line, sizeof(line), in) != NULL) {
        if (sscanf(line, "%255s %15s %64s", h, p, known) != 3)
            errx(1, "%s: cannot understand: %s", pins, line);
        found = strcmp(h, host) == 0 && strcmp(p, port) == 0;
    }
    if (in != NULL)
        fclose(in);
    return found;
}

static void remember(const char *pins, const char *host, const char *port,
                     const char *pin)
{
    FILE *out = fopen(pins, "a");

    if (out == NULL || fprintf(out, "%s %s %s\n", host, port, pin) < 0 ||
        fclose(out) != 0)
        err(1, "%s", pins);
}

/* TODO 2.2: who has another key than the last time is somebody else: say so
 * and exit with 1, before anything is sent. */
static void recognize(SSL *ssl, const char *host, const char *port,
                      const char *pins)
{
    char now[2 * PIN + 1], known[2 * PIN + 1];
    unsigned char pin[PIN];

    get_pin(ssl, pin);
    for (int i = 0; i < PIN; i++)
        snprintf(now + 2 * i, 3, "%02x", pin[i]);
    if (!look_up(pins, host, port, known)) {
        warnx("first visit to %s port %s: I believe you", host, port);
        remember(pins, host, port, now);
        return;
    }
    /* BEGIN SOLUTION */
    if (strcmp(now, known) != 0)
        errx(1, "%s port %s has another key than before", host, port);
    /* STARTER
    END SOLUTION */
    warnx("%s port %s is known", host, port);
}

/* Send n bytes, then wait until the same number has come back. */
static void echo(SSL *ssl, const char *out, size_t n)
{
    char in[16384];
    size_t done, k;

    if (SSL_write_ex(ssl, out, n, &k) != 1)
        tls_err(1, "write");
    for (done = 0; done < n; done += k) {
        if (SSL_read_ex(ssl, in, n - done, &k) != 1)
            tls_err(1, "read");
        if (fwrite(in, 1, k, stdout) != k || fflush(stdout) != 0)
            err(1, "standard output");
    }
}

int main(int argc, char *argv[])
{
    char buf[16384];
    ssize_t n;

    if (argc != 4) {
        fprintf(stderr, "usage: client HOST PORT PINS\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        tls_err(1, "SSL_CTX_new");
    int fd = tcp_connect(argv[1], argv[2]);
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        tls_err(1, "SSL_new");
    if (SSL_connect(ssl) != 1)
        tls_err(1, "handshake");
    recognize(ssl, argv[1], argv[2], argv[3]);
    while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
        echo(ssl, buf, (size_t)n);
    if (n == -1)
        err(1, "standard input");
    if (SSL_shutdown(ssl) != 1 && SSL_shutdown(ssl) != 1)
        tls_err(1, "the server did not say goodbye");
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(ctx);
    return 0;
}
