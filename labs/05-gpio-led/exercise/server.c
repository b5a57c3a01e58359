/* Lab 5, exercise, server: an LED that nobody can see from outside.
 * To do: 5.1, and its twin 5.2 in client.c. */
#include "net.h"
#include "tls.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct led {
    SSL_CTX *ctx;
    pthread_mutex_t lock;
    int on;
};

/* TODO 5.1: "OK on" and "OK off" must look alike on the wire, whatever the
 * length of the words. */
static void hide(SSL_CTX *ctx)
{
    (void)ctx;
}

/* The answer to one line. */
static const char *obey(struct led *led, const char *line)
{
    int ask = strcmp(line, "LED?") == 0, on = strcmp(line, "LED ON") == 0;

    if (!ask && !on && strcmp(line, "LED OFF") != 0)
        return "ERR unknown command\n";
    pthread_mutex_lock(&led->lock);
    if (!ask)
        led->on = on;
    on = led->on;
    pthread_mutex_unlock(&led->lock);
    return on ? "OK on\n" : "OK off\n";
}

static void serve(int fd, const char *peer, void *arg)
{
    struct led *led = arg;
    SSL *ssl = tls_accept(led->ctx, fd, peer);
    char line[64], c;
    size_t n = 0, k;

    if (ssl == NULL)
        return;
    while (SSL_read_ex(ssl, &c, 1, &k) == 1) {
        if (c != '\n') { /* what is too long for line is no command */
            if (n < sizeof(line) - 1)
                line[n++] = c != '\0' ? c : '?'; /* NUL would end it */
            continue;
        }
        line[n] = '\0';
        n = 0;
        const char *words = obey(led, line);
        if (SSL_write_ex(ssl, words, strlen(words), &k) != 1)
            break;
    }
    SSL_shutdown(ssl);
    SSL_free(ssl);
}

int main(int argc, char *argv[])
{
    struct led led = { .lock = PTHREAD_MUTEX_INITIALIZER };

    if (argc != 7) {
        fprintf(stderr, "usage: server HOST PORT CERT KEY CA CRL\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    led.ctx = tls_server_ctx(argv[3], argv[4]);
    tls_ask(led.ctx, argv[5], argv[6]);
    hide(led.ctx);
    tcp_serve(argv[1], argv[2], serve, &led);
    quick_exit(0); /* not exit(): threads may still need what it frees */
}
