/* Lab 1, exercise: ask a question over TCP, and print the whole answer.
 * To do: 1.1 the whole answer, 1.2 "no more from me, but I am listening". */
#include "net.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Send all of the question: write may take only a part at a time. */
static void ask(int fd, const char *out, ssize_t n)
{
    ssize_t done, k;

    for (done = 0; done < n; done += k)
        while ((k = write(fd, out + done, n - done)) == -1)
            if (errno != EINTR)
                err(1, "write");
}

/* TODO 1.1: print all of the answer, and exit with 1 if it is broken off.
 * The server closes its side when it has said everything. */
static void hear(int fd)
{
    char buf[16384];
    ssize_t n;

    n = read(fd, buf, sizeof(buf));
    if (n > 0)
        fwrite(buf, 1, n, stdout);
    if (fflush(stdout) != 0)
        err(1, "standard output");
}

/* TODO 1.2: tell the server that the question ends here, and go on listening.
 * Some servers wait for that before they answer. */
static void finish(int fd)
{
    (void)fd;
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
        ask(fd, buf, n);
    if (n == -1)
        err(1, "standard input");
    finish(fd);
    hear(fd);
    close(fd);
    return 0;
}
