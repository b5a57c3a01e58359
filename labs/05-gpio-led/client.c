/* Lab 5, client: a button. Each press toggles the LED of the server.
 * New: it waits for two at once, the button and the server. */
#include "gpio/gpio.h"
#include "net.h"
#include "tls.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

/* Why the last call on ssl failed. */
static const char *cause(SSL *ssl)
{
    if (SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN)
        return "it said goodbye";
    return tls_cause(NULL);
}

/* Ask, and wait for the answer: one line. NULL, or why there is none. */
static const char *ask(SSL *ssl, const char *command, char *line, size_t size)
{
    size_t n = 0, k;

    while (SSL_write_ex(ssl, command, strlen(command), &k) != 1)
        if (!tls_again(ssl)) {
            tls_last_word(ssl);
            return cause(ssl);
        }
    do {
        while (SSL_read_ex(ssl, line + n, size - 1 - n, &k) != 1)
            if (!tls_again(ssl))
                return cause(ssl);
        n += k;
        line[n] = '\0';
    } while (strchr(line, '\n') == NULL && n < size - 1);
    /* Just one: with a second, we would believe the wrong one ever after. And
     * a terminal will show it: nothing in it that a terminal would obey. */
    for (k = 0; isprint((unsigned char)line[k]);)
        k++;
    return line[k] == '\n' && k == n - 1 && n < size - 1
               ? NULL
               : "its answer is no line";
}

/* The server says something, and nobody asked: is it the end? It may be just a
 * ticket of TLS, or part of one, after which there is nothing to wait for. */
static const char *hear(SSL *ssl, int fd)
{
    char c;
    size_t k;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    int ok = SSL_read_ex(ssl, &c, 1, &k);
    fcntl(fd, F_SETFL, 0);
    if (ok == 1)
        return "it answers what nobody asked";
    if (SSL_get_error(ssl, 0) == SSL_ERROR_WANT_READ)
        return NULL;
    return cause(ssl);
}

/* Toggle once for each press, until a signal (or the end of input) comes. */
static const char *watch(SSL *ssl, int fd, struct gpio *button, int signals)
{
    struct pollfd wait[] = { { .fd = button->fd, .events = POLLIN },
                             { .fd = fd, .events = POLLIN },
                             { .fd = signals, .events = POLLIN } };
    const char *why = NULL;
    char line[64];
    int press = 0;

    while (why == NULL && press != -1) {
        int n = poll(wait, 3, 30000);
        if (n == -1 && errno != EINTR)
            err(1, "poll");
        press = 0;
        if (n > 0 && wait[2].revents != 0)
            break;
        if (n > 0 && wait[1].revents != 0)
            why = hear(ssl, fd);
        else if (n > 0 && (press = button->pressed(button->fd)) == 1)
            why = ask(ssl, "LED TOGGLE\n", line, sizeof(line));
        else if (n == 0) /* the server drops who is silent for a minute */
            why = ask(ssl, "LED?\n", line, sizeof(line));
        if (why == NULL && press == 1 && fputs(line, stdout) == EOF)
            err(1, "standard output");
    }
    int lost = (why != NULL && press == 1) + gpio_close(button);
    if (lost > 0)
        warnx("%d %s lost", lost, lost == 1 ? "press is" : "presses are");
    return why;
}

int main(int argc, char *argv[])
{
    char line[64];
    sigset_t set;

    if (argc != 7) {
        fprintf(stderr, "usage: client HOST PORT CA CERT KEY BUTTON\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stderr, NULL, _IOLBF, 0); /* whole lines: others write there, too */
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    SSL_CTX *ctx = tls_client_ctx(argv[3]);
    tls_present(ctx, argv[4], argv[5]);
    int fd = tcp_connect(argv[1], argv[2]);
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        tls_err(1, "SSL_new");
    tls_handshake(ssl, argv[1]);
    /* In TLS 1.3 a refusal of our certificate arrives only here. */
    const char *why = ask(ssl, "LED?\n", line, sizeof(line));
    if (why != NULL)
        errx(1, "the server is lost: %s", why);
    warnx("the LED: %.*s", (int)strcspn(line, "\n"), line);

    /* Only now is a press not in vain. From now on, too, a signal must not
     * stop us in the middle of one. */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, 0);
    if (signals == -1)
        err(1, "signalfd");
    struct gpio button = gpio_button(argv[6]);
    why = watch(ssl, fd, &button, signals);
    if (why != NULL)
        errx(1, "the server is lost: %s", why);

    /* Say that we are done, then hear the server say the same. */
    int n;
    while ((n = SSL_shutdown(ssl)) != 1)
        if (n < 0 && !tls_again(ssl))
            tls_err(1, "the server did not say goodbye");
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return 0;
}
