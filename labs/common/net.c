/* net.c - TCP over IPv4 and IPv6, moved here from lab 1 as it stands. */
#include "net.h"

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
    int fd;
    void (*serve)(int fd, const char *name, void *arg);
    void *arg;
    struct sockaddr_storage addr;
    socklen_t len;
};

/* Global, because tcp_stop() must find them. A flag, too: without a free
 * descriptor accept() says so before it says that the socket is shut. */
static int listener;
static volatile sig_atomic_t stopped;

/* SIGTERM and SIGINT: wake accept(), and let it be the last time. */
static void tcp_stop(int sig)
{
    stopped = sig;
    shutdown(listener, SHUT_RDWR);
}

static void tcp_listen(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
    struct sockaddr_storage here;
    socklen_t len = sizeof(here);
    char number[8];
    int on = 1;

    int rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0)
        errx(1, "%s port %s: %s", host, port, gai_strerror(rc));

    for (a = list; a != NULL; a = a->ai_next) {
        listener = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (listener == -1)
            continue;
        /* Restart at once, although old connections sit in TIME_WAIT. */
        if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
            err(1, "SO_REUSEADDR");
        if (bind(listener, a->ai_addr, a->ai_addrlen) == 0 &&
            listen(listener, SOMAXCONN) == 0)
            break;
        /* Not here: try the next address. Taken: do not, or our clients
         * would meet whoever has taken it. */
        if (errno == EADDRINUSE)
            err(1, "cannot listen on %s port %s", host, port);
        close(listener);
    }
    if (a == NULL)
        err(1, "cannot listen on %s port %s", host, port);
    freeaddrinfo(list);

    signal(SIGTERM, tcp_stop);
    signal(SIGINT, tcp_stop);
    /* With port 0 the system has chosen one: say which. */
    if (getsockname(listener, (struct sockaddr *)&here, &len) == -1 ||
        getnameinfo((struct sockaddr *)&here, len, NULL, 0, number,
                    sizeof(number), NI_NUMERICSERV) != 0)
        err(1, "%s port %s", host, port);
    setvbuf(stderr, NULL, _IOLBF, 0); /* whole lines: others write there, too */
    warnx("listening on %s port %s", host, number);
}

/* Small messages go at once; a minute of silence ends the connection. */
static void tcp_tune(int fd)
{
    struct timeval minute = { .tv_sec = 60 };
    int on = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof(minute)) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &minute, sizeof(minute)))
        warn("setsockopt");
}

/* One connection, from the first word to the last. */
static void *tcp_thread(void *arg)
{
    struct peer *peer = arg;
    char host[64] = "?", port[8] = "?", name[80], rest[4096];

    tcp_tune(peer->fd);
    getnameinfo((struct sockaddr *)&peer->addr, peer->len, host, sizeof(host),
                port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(name, sizeof(name), "%s port %s", host, port);
    peer->serve(peer->fd, name, peer->arg);

    /* Hear the other out: to close on unread bytes is a reset, and a reset
     * can destroy our last words before they are read. But not for ever. */
    shutdown(peer->fd, SHUT_WR);
    for (int i = 0; i < 1000 && read(peer->fd, rest, sizeof(rest)) > 0; i++)
        continue;
    close(peer->fd);
    free(peer);
    return NULL;
}

/* A thread for each connection: a silent one then blocks nobody. */
void tcp_serve(const char *host, const char *port,
               void (*serve)(int, const char *, void *), void *arg)
{
    struct peer new = { .serve = serve, .arg = arg };
    pthread_t thread;

    tcp_listen(host, port);
    for (;;) {
        new.len = sizeof(new.addr);
        new.fd = accept(listener, (struct sockaddr *)&new.addr, &new.len);
        if (stopped)
            break;
        struct peer *peer = new.fd == -1 ? NULL : malloc(sizeof(*peer));
        if (peer != NULL) {
            *peer = new;
            errno = pthread_create(&thread, NULL, tcp_thread, peer);
            if (errno == 0) {
                pthread_detach(thread);
                continue;
            }
        }
        warn("accept"); /* no descriptor, memory or thread left: */
        free(peer);
        if (new.fd != -1)
            close(new.fd);
        sleep(1); /* one may be returned soon */
    }
    warnx("stopped");
}

int tcp_connect(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
    int fd = -1, rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0)
        errx(1, "%s port %s: %s", host, port, gai_strerror(rc));

    /* A name can have several addresses: the first that works will do. */
    for (a = list; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd == -1)
            continue;
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        close(fd);
    }
    if (a == NULL)
        err(1, "cannot connect to %s port %s", host, port);
    freeaddrinfo(list);
    tcp_tune(fd);
    return fd;
}
