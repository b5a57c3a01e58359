/* Lab 1, server: send back what arrives, over plain TCP.
 * New: sockets in full. Everybody on the way can read every byte. */
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
static void tcp_serve(const char *host, const char *port,
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

/* write(2) may take only a part at a time: see to it that all goes. */
static int send_all(int fd, const char *buf, ssize_t n)
{
    ssize_t done, k;

    for (done = 0; done < n; done += k)
        while ((k = write(fd, buf + done, n - done)) == -1)
            if (errno != EINTR)
                return -1;
    return 0;
}

/* Send back what arrives, until the client closes its half. */
static void serve(int fd, const char *peer, void *arg)
{
    char buf[16384];
    ssize_t n;

    (void)arg;
    warnx("%s: connected", peer);
    do
        n = read(fd, buf, sizeof(buf));
    while (n == -1 ? errno == EINTR : n > 0 && send_all(fd, buf, n) == 0);

    if (n == 0)
        warnx("%s: goodbye", peer);
    else if (errno == EAGAIN)
        warnx("%s: broken off: 60 s of silence", peer);
    else
        warn("%s: broken off", peer);
}

int main(int argc, char *argv[])
{
    if (argc != 3) {
        fprintf(stderr, "usage: server HOST PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    tcp_serve(argv[1], argv[2], serve, NULL);
    quick_exit(0); /* not exit(): threads may still need what it frees */
}
