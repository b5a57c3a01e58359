/* Lab 1, client: send standard input over plain TCP, print what comes back.
 * New: sockets in full. Everybody on the way can read every byte. */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static int tcp_connect(const char *host, const char *port)
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

/* Only interrupted? Then once more. Otherwise this is the end. */
static void failed(const char *what)
{
    if (errno != EINTR)
        errx(1, "%s: %s", what,
             errno == EAGAIN ? "60 s of silence" : strerror(errno));
}

/* Send n bytes, then wait until the same number has come back. */
static void echo(int fd, const char *out, ssize_t n)
{
    char in[16384];
    ssize_t done, k;

    for (done = 0; done < n; done += k) /* write may take only a part */
        while ((k = write(fd, out + done, n - done)) == -1)
            failed("write");
    for (done = 0; done < n; done += k) {
        while ((k = read(fd, in, n - done)) == -1)
            failed("read");
        if (k == 0)
            errx(1, "read: the server hung up");
        if (fwrite(in, 1, k, stdout) != (size_t)k || fflush(stdout) != 0)
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
    int fd = tcp_connect(argv[1], argv[2]);
    while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
        echo(fd, buf, n);
    if (n == -1)
        err(1, "standard input");
    /* Say that we are done, and hear the server say the same. */
    if (shutdown(fd, SHUT_WR) == -1)
        err(1, "shutdown");
    while ((n = read(fd, buf, sizeof(buf))) == -1)
        failed("read");
    if (n != 0)
        errx(1, "the server did not say goodbye");
    close(fd);
    return 0;
}
