/* Lab 5, exercise, client: each line "on" or "off" switches the LED.
 * To do: 5.2, and its twin 5.1 in server.c. */
#include "net.h"
#include "tls.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* TODO 5.2: "LED ON" and "LED OFF" must look alike on the wire, whatever the
 * length of the words. */
static void hide(SSL_CTX *ctx)
{
    (void)ctx;
}

/* Say a command, and print the line that is the answer. */
static void say(SSL *ssl, const char *command)
{
    char c = '\0';
    size_t k;

    if (SSL_write_ex(ssl, command, strlen(command), &k) != 1)
        tls_err(1, "write");
    for (int n = 0; c != '\n'; n++) {
        if (n == 1000)
            errx(1, "read: this is no line");
        if (SSL_read_ex(ssl, &c, 1, &k) != 1)
            tls_err(1, "read");
        putchar(c);
    }
    if (fflush(stdout) != 0)
        err(1, "standard output");
}

int main(int argc, char *argv[])
{
    char line[64];

    if (argc != 6) {
        fprintf(stderr, "usage: client HOST PORT CA CERT KEY\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    SSL_CTX *ctx = tls_client_ctx(argv[3]);
    tls_present(ctx, argv[4], argv[5]);
    hide(ctx);
    int fd = tcp_connect(argv[1], argv[2]);
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        tls_err(1, "SSL_new");
    tls_handshake(ssl, argv[1]);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        int on = strcmp(line, "on") == 0;
        if (!on && strcmp(line, "off") != 0)
            errx(1, "neither on nor off: %s", line);
        say(ssl, on ? "LED ON\n" : "LED OFF\n");
    }
    if (SSL_shutdown(ssl) != 1 && SSL_shutdown(ssl) != 1)
        tls_err(1, "the server did not say goodbye");
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return 0;
}
