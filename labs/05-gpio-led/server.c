/* Lab 5, server: an LED that obeys, over mutual TLS.
 * New: commands, an LED that all connections share, and who may switch it. */
#include "gpio/command.h"
#include "gpio/gpio.h"
#include "net.h"
#include "tls.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct led {
    SSL_CTX *ctx;
    struct gpio gpio;
    pthread_mutex_t lock; /* whoever holds it may touch gpio and on */
    int on;
};

/* One command, whole, before the next one of anybody. */
static const char *obey(struct led *led, enum command c, int may_switch)
{
    const char *answer;

    if (c == UNKNOWN)
        return "ERR unknown command\n";
    if (c != ASK && !may_switch)
        return "ERR only the button may switch\n";
    pthread_mutex_lock(&led->lock);
    int on = c == ASK ? led->on : c == TOGGLE ? !led->on : c == ON;
    if (on != led->on && led->gpio.set(led->gpio.fd, on) == -1) {
        warn("LED");
        answer = "ERR the LED does not obey\n";
    } else {
        led->on = on;
        answer = on ? "OK on\n" : "OK off\n";
    }
    pthread_mutex_unlock(&led->lock);
    return answer;
}

/* Answer each command, until the client says goodbye (1) or breaks off (0). */
static int answer(SSL *ssl, struct led *led, int may_switch)
{
    struct line line = { .n = 0 };
    char buf[4096];
    size_t n, k;

    for (;;) {
        while (SSL_read_ex(ssl, buf, sizeof(buf), &n) != 1)
            if (!tls_again(ssl))
                return SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN;
        for (size_t i = 0; i < n; i++) {
            enum command c = command_take(&line, buf[i]);
            if (c == UNFINISHED)
                continue;
            const char *words = obey(led, c, may_switch);
            while (SSL_write_ex(ssl, words, strlen(words), &k) != 1)
                if (!tls_again(ssl))
                    return 0;
        }
    }
}

static void serve(int fd, const char *peer, void *arg)
{
    struct led *led = arg;
    SSL *ssl = tls_accept(led->ctx, fd, peer);
    char who[2048];

    if (ssl == NULL)
        return;
    X509 *cert = SSL_get0_peer_certificate(ssl);
    int may_switch = X509_check_host(cert, "button", 0,
                                     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL);
    warnx("%s: is %s", peer,
          X509_NAME_oneline(X509_get_subject_name(cert), who, sizeof(who)));
    if (answer(ssl, led, may_switch == 1) && tls_goodbye(ssl))
        warnx("%s: goodbye", peer);
    else
        tls_warn("%s: broken off", peer);
    SSL_free(ssl);
}

/* The terminal closed, or Ctrl-\: end as with SIGTERM, not at once. */
static void end(int sig)
{
    (void)sig;
    raise(SIGTERM);
}

int main(int argc, char *argv[])
{
    struct led led = { .lock = PTHREAD_MUTEX_INITIALIZER };

    if (argc != 8) {
        fprintf(stderr, "usage: server HOST PORT CERT KEY CA CRL LED\n");
        return 2;
    }
    setvbuf(stderr, NULL, _IOLBF, 0); /* whole lines: others write there, too */
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    signal(SIGHUP, end);
    signal(SIGQUIT, end);
    led.ctx = tls_server_ctx(argv[3], argv[4]);
    tls_ask(led.ctx, argv[5], argv[6]);
    led.gpio = gpio_led(argv[7]);
    tcp_serve(argv[1], argv[2], serve, &led);

    /* Dark, and so it stays: the lock is never given back. */
    pthread_mutex_lock(&led.lock);
    if (led.on && led.gpio.set(led.gpio.fd, 0) == -1)
        warn("LED %s", argv[7]);
    quick_exit(0); /* not exit(): threads may still need what it frees */
}
