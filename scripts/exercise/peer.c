/* peer HOST PORT STEP...: a server that does what it is told, honest or not.
 *
 * Each visitor gets the same steps, one visitor after the other, and what was
 * heard is told. After SIGTERM those who wait are served, then it ends.
 *   tls=NAME   from here on TLS, with NAME.pem and NAME.key
 *   line       hear one line          end        hear until the end
 *   say=TEXT   say it, and wait until the other has taken it: a piece
 *   file=NAME  say what is in a file
 *   think      take 50 ms: who has hung up by then does not hear the answer
 *   echo       say what is heard, until the end
 *   reset      break the connection   cut        TLS: leave without goodbye
 * After the last step it says goodbye. */
#include "tlsctx.h"
#include "tlserr.h"

#include <ctype.h>
#include <err.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct visitor {
    int fd;
    SSL *ssl;
};

/* Is anything that we have sent still waiting on the other's side? */
static int unread(int fd)
{
    struct sockaddr_in6 us, them;
    socklen_t n = sizeof(us), m = sizeof(them);
    const char *tables[] = { "/proc/net/tcp", "/proc/net/tcp6" };
    char line[512];
    unsigned from, to, waiting = 0;

    if (getsockname(fd, (struct sockaddr *)&us, &n) == -1 ||
        getpeername(fd, (struct sockaddr *)&them, &m) == -1)
        return 0;
    for (int i = 0; i < 2; i++) {
        FILE *table = fopen(tables[i], "r");
        while (table != NULL && fgets(line, sizeof(line), table) != NULL)
            if (sscanf(line, "%*s %*[^:]:%x %*[^:]:%x %*x %*x:%x", &from, &to,
                       &waiting) == 3 &&
                from == ntohs(them.sin6_port) && to == ntohs(us.sin6_port)) {
                fclose(table);
                return waiting != 0;
            }
        if (table != NULL)
            fclose(table);
    }
    return 0;
}

static ssize_t hear(struct visitor *v, char *buf, size_t n)
{
    size_t k;

    if (v->ssl == NULL)
        return read(v->fd, buf, n);
    if (SSL_read_ex(v->ssl, buf, n, &k) == 1)
        return (ssize_t)k;
    return SSL_get_error(v->ssl, 0) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static int say(struct visitor *v, const char *text, size_t n)
{
    size_t k;

    if (v->ssl != NULL)
        return SSL_write_ex(v->ssl, text, n, &k) == 1;
    for (size_t done = 0; done < n; done += k) {
        ssize_t wrote = write(v->fd, text + done, n - done);
        if (wrote == -1)
            return 0;
        k = (size_t)wrote;
    }
    return 1;
}

/* A piece: what is said next arrives apart from it. A second is enough. */
static int piece(struct visitor *v, const char *text, size_t n)
{
    struct timespec tick = { .tv_nsec = 1000000 };

    if (!say(v, text, n))
        return 0;
    for (int i = 0; i < 1000 && unread(v->fd); i++)
        nanosleep(&tick, NULL);
    return 1;
}

static int file(struct visitor *v, const char *name)
{
    static const size_t most = 1 << 20;
    FILE *in = fopen(name, "r");
    char *text = malloc(most);

    if (in == NULL || text == NULL)
        err(70, "%s", name);
    size_t n = fread(text, 1, most, in);
    int ok = piece(v, text, n);
    fclose(in);
    free(text);
    return ok;
}

/* Tell what was heard: its length, and as much as fits in a line. */
static void tell(const char *text, size_t n)
{
    char shown[61];
    size_t i;

    for (i = 0; i < n && i < sizeof(shown) - 1 && text[i] != '\n'; i++)
        shown[i] = isprint((unsigned char)text[i]) ? text[i] : '.';
    shown[i] = '\0';
    warnx("heard %zu bytes: %s", n, shown);
}

/* Hear a line, or all until the end; echo it if asked to. */
static int listen_to(struct visitor *v, const char *step)
{
    char buf[16384], line[16384];
    size_t n = 0;
    ssize_t k;

    while ((k = hear(v, buf, sizeof(buf))) > 0) {
        for (ssize_t i = 0; i < k && n < sizeof(line); i++)
            line[n++] = buf[i];
        if (strcmp(step, "line") == 0 && memchr(buf, '\n', (size_t)k) == NULL)
            continue;
        tell(line, n);
        n = 0;
        if (strcmp(step, "line") == 0)
            return 1;
        if (strcmp(step, "echo") == 0 && !say(v, buf, (size_t)k)) {
            k = -1;
            break;
        }
    }
    if (n > 0)
        tell(line, n);
    if (k == 0)
        warnx("heard the end");
    else
        warnx("the visitor broke off");
    return k == 0 && strcmp(step, "line") != 0;
}

static int reset(struct visitor *v)
{
    struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

    warnx("broke the connection");
    if (connect(v->fd, &nowhere, sizeof(nowhere)) == -1)
        warn("reset");
    return 0;
}

static int encrypt(struct visitor *v, const char *name)
{
    char cert[256], key[256];

    snprintf(cert, sizeof(cert), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    SSL_CTX *ctx = tls_server_ctx(cert, key);
    v->ssl = tls_accept(ctx, v->fd, "visitor");
    SSL_CTX_free(ctx);
    return v->ssl != NULL;
}

static int take(struct visitor *v, const char *step)
{
    const char *value = strchr(step, '=');

    if (strncmp(step, "tls=", 4) == 0)
        return encrypt(v, value + 1);
    if (strncmp(step, "say=", 4) == 0)
        return piece(v, value + 1, strlen(value + 1));
    if (strncmp(step, "file=", 5) == 0)
        return file(v, value + 1);
    if (strcmp(step, "think") == 0)
        return nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL) == 0;
    if (strcmp(step, "reset") == 0)
        return reset(v);
    if (strcmp(step, "cut") == 0)
        return warnx("left without goodbye"), 0;
    return listen_to(v, step);
}

static void serve(int fd, char *steps[])
{
    struct visitor v = { fd, NULL };
    struct timeval patience = { .tv_sec = 10 };
    char rest[4096];

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    while (*steps != NULL && take(&v, *steps))
        steps++;
    if (v.ssl != NULL && *steps == NULL)
        SSL_shutdown(v.ssl);
    SSL_free(v.ssl);
    shutdown(fd, SHUT_WR);
    while (read(fd, rest, sizeof(rest)) > 0)
        continue;
    close(fd);
}

static int open_port(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *a;
    struct sockaddr_in6 here;
    socklen_t n = sizeof(here);
    int on = 1;

    if (getaddrinfo(host, port, &hints, &a) != 0)
        errx(1, "%s port %s", host, port);
    int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd == -1 || bind(fd, a->ai_addr, a->ai_addrlen) == -1 ||
        listen(fd, SOMAXCONN) == -1 ||
        getsockname(fd, (struct sockaddr *)&here, &n) == -1)
        err(1, "cannot listen on %s port %s", host, port);
    freeaddrinfo(a);
    warnx("listening on %s port %u", host, ntohs(here.sin6_port));
    return fd;
}

int main(int argc, char *argv[])
{
    sigset_t term;

    if (argc < 4) {
        fprintf(stderr, "usage: peer HOST PORT STEP...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    struct pollfd ready[] = {
        { open_port(argv[1], argv[2]), POLLIN, 0 },
        { signalfd(-1, &term, SFD_CLOEXEC), POLLIN, 0 },
    };
    for (;;) {
        if (poll(ready, 2, -1) == -1)
            err(1, "poll");
        if (ready[0].revents != 0)
            serve(accept(ready[0].fd, NULL, NULL), argv + 3);
        else
            return 0;
    }
}
