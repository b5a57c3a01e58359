/* peer.c - a peer that does not behave, for the tests.
 *
 *   peer call N HOST PORT STEP...   connect N times, then take the steps
 *   peer row N HOST PORT STEP...    the same, but one after the other
 *   peer wait HOST STEP...          listen, and take the steps with who comes
 *   peer between HOST PORT          stand between; each line of standard input
 *                                   says what happens to one connection
 *
 * Steps: send:TEXT  file:NAME  drip:NAME (byte by byte)  read:N  drain  fin
 *        reset  flood (send, and never read, until no more fits)
 *        hold (say "holding", and wait for SIGUSR1)
 * Lines: DIRECTION WHERE WHAT, as in `> 517 reset`: > is client to server,
 *        WHERE an offset, or `r3+5`, in TLS record 3 (the first is 0) byte 5,
 *        WHAT is pass, reset, fin, hold, drip or flip:MASK. It says how many
 *        bytes and records went up, and how many down.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct deed {
    char dir, what;
    long at, record, within;
    int mask;
};

/* One direction: bytes and records so far; how much of the header of the last
 * one we have, and how much of its body is to come. */
struct flow {
    long count, records, left;
    int head;
};

static int endpoint(const char *host, const char *port, int passive)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
    int fd = -1, on = 1;
    int rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0)
        errx(1, "%s: %s", host, gai_strerror(rc));
    for (a = list; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM, 0);
        if (fd == -1)
            err(1, "socket");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (passive ? bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
                          listen(fd, SOMAXCONN) == 0
                    : connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        close(fd);
    }
    if (a == NULL)
        err(1, "%s port %s", host, port);
    freeaddrinfo(list);
    return fd;
}

static int listen_at(const char *host)
{
    struct sockaddr_storage here;
    socklen_t len = sizeof(here);
    int fd = endpoint(host, "0", 1);

    getsockname(fd, (struct sockaddr *)&here, &len);
    printf("%d\n", ntohs(((struct sockaddr_in *)&here)->sin_port));
    fflush(stdout); /* the port is at the same place in IPv4 and IPv6 */
    return fd;
}

/* Close it so that the other side gets a reset. */
static void reset(int fd)
{
    struct linger now = { 1, 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
}

static void leave(int fd)
{
    close(fd);
}

/* Send n bytes, in pieces of at most `piece`; that the peer is gone is fine. */
static void give(int fd, const char *buf, size_t n, size_t piece)
{
    while (n > 0) {
        ssize_t k = send(fd, buf, n < piece ? n : piece, MSG_NOSIGNAL);
        if (k == -1)
            return;
        buf += k;
        n -= (size_t)k;
    }
}

static void give_file(int fd, const char *name, size_t piece)
{
    static char buf[1 << 20];
    FILE *f = fopen(name, "rb");

    if (f == NULL)
        err(1, "%s", name);
    size_t n = fread(buf, 1, sizeof(buf), f);
    fclose(f);
    give(fd, buf, n, piece);
}

/* Full means: for half a second there was no room for another byte. */
static void flood(int fd)
{
    static char buf[65536];
    struct pollfd p = { .fd = fd, .events = POLLOUT };

    while (poll(&p, 1, 500) == 1 && !(p.revents & (POLLERR | POLLHUP)))
        if (send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL) == -1 &&
            errno != EAGAIN)
            return;
}

static void take(int fd, long n)
{
    char buf[65536];
    ssize_t k = 1;

    while (n > 0 && k > 0) {
        k = read(fd, buf, n < (long)sizeof(buf) ? (size_t)n : sizeof(buf));
        if (k > 0 && fwrite(buf, 1, (size_t)k, stdout) > 0)
            n -= k;
    }
    fflush(stdout);
}

/* Until SIGUSR1, which main() has blocked, so that it cannot come too early. */
static void hold(void)
{
    sigset_t set;
    int sig;

    printf("holding\n");
    fflush(stdout);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigwait(&set, &sig);
}

static void step(int fd, const char *what)
{
    const char *arg = strchr(what, ':');

    arg = arg == NULL ? "" : arg + 1;
    if (strncmp(what, "send:", 5) == 0)
        give(fd, arg, strlen(arg), SIZE_MAX);
    else if (strncmp(what, "file:", 5) == 0)
        give_file(fd, arg, SIZE_MAX);
    else if (strncmp(what, "drip:", 5) == 0)
        give_file(fd, arg, 1);
    else if (strncmp(what, "read:", 5) == 0)
        take(fd, atol(arg));
    else if (strcmp(what, "drain") == 0)
        take(fd, LONG_MAX);
    else if (strcmp(what, "flood") == 0)
        flood(fd);
    else if (strcmp(what, "fin") == 0)
        shutdown(fd, SHUT_WR);
    else if (strcmp(what, "reset") == 0)
        reset(fd);
    else
        errx(2, "what is %s?", what);
}

static void call(int n, const char *host, const char *port, char **steps)
{
    int *fds = calloc((size_t)n, sizeof(*fds));

    if (fds == NULL)
        err(1, "calloc");
    for (int i = 0; i < n; i++)
        fds[i] = endpoint(host, port, 0);
    for (; *steps != NULL; steps++)
        if (strcmp(*steps, "hold") == 0)
            hold();
        else
            for (int i = 0; i < n; i++)
                step(fds[i], *steps);
    for (int i = 0; i < n; i++)
        close(fds[i]);
    free(fds);
}

/* One line of standard input is what happens to the next connection. */
static int next_deed(struct deed *deed)
{
    char line[80], what[16];

    if (fgets(line, sizeof(line), stdin) == NULL)
        return 0;
    deed->record = -1;
    if (sscanf(line, "%c r%ld+%ld %15s", &deed->dir, &deed->record,
               &deed->within, what) == 4)
        deed->at = LONG_MAX;
    else if (sscanf(line, "%c %ld %15s", &deed->dir, &deed->at, what) != 3)
        errx(2, "what is %s", line);
    deed->what = what[0];
    if (strncmp(what, "flip:", 5) == 0) {
        deed->what = 'x';
        deed->mask = atoi(what + 5);
    }
    return 1;
}

/* Find the records in these bytes, and with them the place of the deed. */
static void follow(struct flow *f, const char *buf, ssize_t n,
                   struct deed *deed)
{
    for (ssize_t i = 0; i < n; i++) {
        if (f->head == 5 && f->left == 0)
            f->head = 0;
        if (f->head == 0 && f->records++ == deed->record)
            deed->at = f->count + i + deed->within;
        if (f->head == 5)
            f->left--;
        else if (++f->head > 3)
            f->left = f->left * 256 + (unsigned char)buf[i];
    }
    f->count += n;
}

/* Pass on what came from one side. 0 at its end, -1 if that was all. */
static int pass(int from, int to, struct flow *flow, struct deed *deed)
{
    static struct deed nothing = { .record = -1, .at = LONG_MAX };
    char buf[65536];
    ssize_t n = read(from, buf, sizeof(buf));

    if (n <= 0) {
        shutdown(to, SHUT_WR);
        return n == 0 ? 0 : -1;
    }
    long before = flow->count;
    if (deed == NULL)
        deed = &nothing;
    follow(flow, buf, n, deed);
    long until = deed->at - before;
    if (until >= n) {
        give(to, buf, (size_t)n, SIZE_MAX);
        return 1;
    }
    if (until < 0)
        until = 0;
    switch (deed->what) {
    case 'x':
        if (deed->at >= before)
            buf[until] ^= (char)deed->mask;
        give(to, buf, (size_t)n, SIZE_MAX);
        return 1;
    case 'd':
        give(to, buf, (size_t)until, SIZE_MAX);
        give(to, buf + until, (size_t)(n - until), 1);
        return 1;
    case 'r':
        give(to, buf, (size_t)until, SIZE_MAX);
        return -1;
    case 'f':
        give(to, buf, (size_t)until, SIZE_MAX);
        shutdown(to, SHUT_WR);
        return 1;
    default: /* hold: not another byte in this direction */
        give(to, buf, (size_t)until, SIZE_MAX);
        return 1;
    }
}

static void one_between(int up, int down, struct deed *deed)
{
    struct pollfd p[2] = { { up, POLLIN, 0 }, { down, POLLIN, 0 } };
    struct flow flow[2] = { { 0 }, { 0 } };
    int rc = 1, on = 1;

    setsockopt(up, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    while (rc != -1 && (p[0].fd >= 0 || p[1].fd >= 0) && poll(p, 2, -1) > 0)
        for (int i = 0; i < 2 && rc != -1; i++)
            if (p[i].revents != 0) {
                int mine = deed->what != 'p' && deed->dir == "><"[i];
                rc = pass(i == 0 ? up : down, i == 0 ? down : up, &flow[i],
                          mine ? deed : NULL);
                if (rc == 0)
                    p[i].fd = -1;
            }
    (rc == -1 ? reset : leave)(up);
    (rc == -1 ? reset : leave)(down);
    printf("%ld %ld %ld %ld\n", flow[0].count, flow[0].records, flow[1].count,
           flow[1].records);
    fflush(stdout);
}

/* A process for each, so that many can be held up at once. */
static void between(const char *host, const char *port)
{
    int listener = listen_at("127.0.0.1");
    struct deed deed;

    while (next_deed(&deed)) {
        int up = accept(listener, NULL, NULL);

        if (up == -1)
            err(1, "accept");
        alarm(590); /* patience is for each */
        if (fork() == 0) {
            close(STDIN_FILENO); /* or err() would seek in what we all read */
            alarm(60);           /* it is not inherited */
            one_between(up, endpoint(host, port, 0), &deed);
            _exit(0);
        }
        close(up);
    }
    while (wait(NULL) > 0)
        continue;
}

int main(int argc, char *argv[])
{
    sigset_t usr1;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    alarm(590); /* whatever happens, not for ever */
    if (argc > 4 && strcmp(argv[1], "call") == 0) {
        call(atoi(argv[2]), argv[3], argv[4], argv + 5);
    } else if (argc > 4 && strcmp(argv[1], "row") == 0) {
        for (int i = atoi(argv[2]); i > 0; i--)
            call(1, argv[3], argv[4], argv + 5);
    } else if (argc > 3 && strcmp(argv[1], "wait") == 0) {
        int listener = listen_at(argv[2]);
        int fd = accept(listener, NULL, NULL);
        for (char **s = argv + 3; *s != NULL; s++)
            if (strcmp(*s, "hold") == 0)
                hold();
            else
                step(fd, *s);
    } else if (argc == 4 && strcmp(argv[1], "between") == 0) {
        between(argv[2], argv[3]);
    } else {
        errx(2, "used wrongly: read the head of scripts/tests/peer.c");
    }
    return 0;
}
