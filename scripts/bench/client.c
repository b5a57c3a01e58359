/* client.c - the client of `make bench`, and its measures of what is possible.
 *
 *   hands PORT KIND N       N connections, one after the other: per second
 *   row   PORT KIND N       the same, but with a round trip, and each waits for
 *                           the server's goodbye: us for each
 *   bulk  PORT KIND SIZE N  stream N bytes in writes of SIZE: MB per second
 *   trips PORT KIND N       round trips of LINE: p50, p99 and the worst, in us
 *   crowd PORT KIND M N     N round trips on M connections at once: per second
 *   held  PORT KIND N       N held open, each has made a round trip: us for
 *                           each, then waits for its input to end
 *   deaf  PORT KIND N       N that send and never read; when nothing fits any
 *                           more it says so, and waits
 *   echo  PORT              the least that can echo
 *   cipher 0 full N         round trips of TLS within one process, without a
 *                           network: p50, p99 and the worst, in us
 *
 * KIND is plain, full or resumed (TLS 1.3), or old (TLS 1.2, and takes no
 * ticket, so that it is in a server's cache, if there is one). With CERT and KEY
 * in the environment, the client shows a certificate; LINE is 32 bytes if not
 * there.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct line {
    int fd;
    SSL *ssl;
};

static SSL_CTX *ctx; /* NULL: plain */
static SSL_SESSION *session;
static int resume;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int keep(SSL *ssl, SSL_SESSION *s)
{
    (void)ssl;
    SSL_SESSION_free(session);
    session = s;
    return 1;
}

static void prepare(const char *kind)
{
    if (strcmp(kind, "plain") == 0)
        return;
    ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL)
        errx(1, "SSL_CTX_new");
    int old = strcmp(kind, "old") == 0;
    SSL_CTX_set_min_proto_version(ctx, old ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(ctx, old ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_options(ctx, old ? SSL_OP_NO_TICKET : 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1); /* let us not be what is slow */
    resume = strcmp(kind, "resumed") == 0;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
                                            SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep);
    if (getenv("CERT") != NULL &&
        (SSL_CTX_use_certificate_chain_file(ctx, getenv("CERT")) != 1 ||
         SSL_CTX_use_PrivateKey_file(ctx, getenv("KEY"), SSL_FILETYPE_PEM) != 1))
        errx(1, "CERT and KEY");
}

/* The servers of the bench are at 127.0.0.1, but localhost may be ::1. */
static int reach(int port)
{
    struct sockaddr_in four = { .sin_family = AF_INET,
                                .sin_port = htons((in_port_t)port),
                                .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                .sin6_port = htons((in_port_t)port),
                                .sin6_addr = in6addr_loopback };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd != -1 && connect(fd, (struct sockaddr *)&four, sizeof(four)) == 0)
        return fd;
    close(fd);
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd == -1 || connect(fd, (struct sockaddr *)&six, sizeof(six)) == -1)
        err(1, "connect");
    return fd;
}

static struct line dial(int port)
{
    struct line l = { reach(port), NULL };
    int on = 1;

    setsockopt(l.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (ctx == NULL)
        return l;
    l.ssl = SSL_new(ctx);
    if (l.ssl == NULL || SSL_set_fd(l.ssl, l.fd) != 1)
        errx(1, "SSL_new");
    if (resume && session != NULL)
        SSL_set_session(l.ssl, session);
    if (SSL_connect(l.ssl) != 1) {
        ERR_print_errors_fp(stderr);
        errx(1, "handshake");
    }
    return l;
}

static void hang_up(struct line *l)
{
    if (l->ssl != NULL)
        SSL_shutdown(l->ssl);
    SSL_free(l->ssl);
    close(l->fd);
}

/* Like write(2) and read(2): the number of bytes, or -1 and EAGAIN. */
static ssize_t put(struct line *l, const char *buf, size_t n)
{
    size_t k;

    if (l->ssl == NULL)
        return write(l->fd, buf, n);
    if (SSL_write_ex(l->ssl, buf, n, &k) == 1)
        return (ssize_t)k;
    if (SSL_get_error(l->ssl, 0) > SSL_ERROR_WANT_WRITE)
        errx(1, "write");
    errno = EAGAIN;
    return -1;
}

static ssize_t get(struct line *l, char *buf, size_t n)
{
    size_t k;

    if (l->ssl == NULL)
        return read(l->fd, buf, n);
    if (SSL_read_ex(l->ssl, buf, n, &k) == 1)
        return (ssize_t)k;
    if (SSL_get_error(l->ssl, 0) != SSL_ERROR_WANT_READ)
        errx(1, "read");
    errno = EAGAIN;
    return -1;
}

static void ask(struct line *l)
{
    const char *word = getenv("LINE");
    char buf[64];
    int n = snprintf(buf, sizeof(buf), "%s\n",
                     word != NULL ? word : "thirty-one bytes, and a newline");

    if (put(l, buf, (size_t)n) != n)
        err(1, "write");
}

/* The answer, in one piece or several. */
static void hear(struct line *l)
{
    char buf[64];
    ssize_t k;

    do
        if ((k = get(l, buf, sizeof(buf))) <= 0)
            err(1, "read");
    while (buf[k - 1] != '\n');
}

static void trip(struct line *l)
{
    ask(l);
    hear(l);
}

static void hands(int port, int n)
{
    if (resume) {
        struct line l = dial(port); /* brings the first session */
        trip(&l);
        hang_up(&l);
    }
    double start = now();
    for (int i = 0; i < n; i++) {
        struct line l = dial(port);
        if (resume) {
            if (!SSL_session_reused(l.ssl))
                errx(1, "not resumed");
            trip(&l); /* and the next session */
        }
        hang_up(&l);
    }
    printf("%.1f\n", n / (now() - start));
}

static void row(int port, int n)
{
    double start = now();
    char buf[64];

    for (int i = 0; i < n; i++) {
        struct line l = dial(port);
        trip(&l);
        if (l.ssl != NULL)
            SSL_shutdown(l.ssl);
        shutdown(l.fd, SHUT_WR);
        while (read(l.fd, buf, sizeof(buf)) > 0)
            continue;
        SSL_free(l.ssl);
        close(l.fd);
    }
    printf("%.1f\n", (now() - start) * 1e6 / n);
}

static void bulk(int port, size_t size, long total)
{
    struct line l = dial(port);
    char *out = calloc(1, size), *in = malloc(1 << 20);
    long sent = 0, got = 0;
    size_t at = 0;

    if (out == NULL || in == NULL)
        err(1, "malloc");
    fcntl(l.fd, F_SETFL, O_NONBLOCK);
    double start = now();
    while (got < total) {
        struct pollfd p = { l.fd, POLLIN, 0 };
        int idle = 1;
        ssize_t k;

        if (sent < total && (k = put(&l, out + at, size - at)) > 0) {
            at = (at + (size_t)k) % size;
            sent += k;
            idle = 0;
        }
        while ((k = get(&l, in, 1 << 20)) > 0) {
            got += k;
            idle = 0;
        }
        if (k == 0)
            errx(1, "the server hung up");
        if (sent < total)
            p.events |= POLLOUT;
        if (idle)
            poll(&p, 1, 10000);
    }
    printf("%.1f\n", (double)got / (now() - start) / 1e6);
}

static int by_size(const void *a, const void *b)
{
    double d = *(const double *)a - *(const double *)b;

    return d < 0 ? -1 : d > 0;
}

/* How long it takes to do this with that, n times. */
static void timed(void (*deed)(struct line *), struct line *l, int n)
{
    double *took = calloc((size_t)n, sizeof(*took));

    if (took == NULL)
        err(1, "calloc");
    for (int i = -n / 10; i < n; i++) {
        double start = now();
        deed(l);
        if (i >= 0) /* the first ones only warm up */
            took[i] = (now() - start) * 1e6;
    }
    qsort(took, (size_t)n, sizeof(*took), by_size);
    printf("%.1f %.1f %.1f\n", took[n / 2], took[n * 99 / 100], took[n - 1]);
    free(took);
}

static void trips(int port, int n)
{
    struct line l = dial(port);

    timed(trip, &l, n);
    hang_up(&l);
}

static void crowd(int port, int m, int n)
{
    struct line *l = calloc((size_t)m, sizeof(*l));
    struct pollfd *p = calloc((size_t)m, sizeof(*p));
    int asked = m, heard = 0;

    if (l == NULL || p == NULL)
        err(1, "calloc");
    for (int i = 0; i < m; i++) {
        l[i] = dial(port);
        p[i] = (struct pollfd){ .fd = l[i].fd, .events = POLLIN };
        trip(&l[i]);
    }
    double start = now();
    for (int i = 0; i < m; i++)
        ask(&l[i]);
    while (heard < n && poll(p, (nfds_t)m, 10000) > 0)
        for (int i = 0; i < m && heard < n; i++)
            if (p[i].revents != 0) {
                hear(&l[i]);
                heard++;
                if (asked++ < n)
                    ask(&l[i]);
            }
    if (heard < n)
        errx(1, "10 s of silence");
    printf("%.1f\n", n / (now() - start));
}

/* Both ends of a connection in one process. */
static SSL *there;

static void cross(struct line *l)
{
    static char buf[32];
    size_t k;

    if (SSL_write_ex(l->ssl, buf, 32, &k) != 1 ||
        SSL_read_ex(there, buf, 32, &k) != 1 ||
        SSL_write_ex(there, buf, 32, &k) != 1 ||
        SSL_read_ex(l->ssl, buf, 32, &k) != 1)
        errx(1, "TLS within one process");
}

static void cipher(int n)
{
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    struct line l = { -1, SSL_new(ctx) };
    BIO *here, *far;

    if (server == NULL || l.ssl == NULL ||
        SSL_CTX_use_certificate_chain_file(server, getenv("CERT")) != 1 ||
        SSL_CTX_use_PrivateKey_file(server, getenv("KEY"), SSL_FILETYPE_PEM) != 1 ||
        (there = SSL_new(server)) == NULL ||
        BIO_new_bio_pair(&here, 1 << 16, &far, 1 << 16) != 1)
        errx(1, "cipher");
    SSL_set_bio(l.ssl, here, here);
    SSL_set_bio(there, far, far);
    SSL_set_connect_state(l.ssl);
    SSL_set_accept_state(there);
    for (int i = 0; i < 4; i++) {
        SSL_do_handshake(l.ssl);
        SSL_do_handshake(there);
    }
    timed(cross, &l, n);
}

static void held(int port, int n)
{
    double start = now();
    char c;

    for (int i = 0; i < n; i++) {
        struct line l = dial(port);
        trip(&l);
    }
    printf("%.1f\n", (now() - start) * 1e6 / n);
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0)
        continue;
}

/* Full means: for half a second there was no room for another byte. */
static void deaf(int port, int n)
{
    static char buf[16000];

    for (size_t i = 0; i < sizeof(buf); i++)
        buf[i] = "LED?\n"[i % 5];
    for (int i = 0; i < n; i++) {
        struct line l = dial(port);
        struct pollfd p = { .fd = l.fd, .events = POLLOUT };

        fcntl(l.fd, F_SETFL, O_NONBLOCK);
        while (poll(&p, 1, 500) == 1)
            if (p.revents & (POLLERR | POLLHUP))
                errx(1, "dropped before it was full");
            else
                put(&l, buf, sizeof(buf));
    }
    printf("full\n");
    fflush(stdout);
    pause();
}

static void echo(int port)
{
    struct sockaddr_in here = { .sin_family = AF_INET,
                                .sin_port = htons((in_port_t)port),
                                .sin_addr = { htonl(INADDR_LOOPBACK) } };
    static char buf[1 << 16];
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd, on = 1;
    ssize_t n;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, (struct sockaddr *)&here, sizeof(here)) ||
        listen(listener, 9))
        err(1, "listen");
    while ((fd = accept(listener, NULL, NULL)) != -1) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        while ((n = read(fd, buf, sizeof(buf))) > 0)
            if (write(fd, buf, (size_t)n) != n)
                break;
        close(fd);
    }
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3 && strcmp(argv[1], "echo") == 0) {
        echo(atoi(argv[2]));
        return 1;
    }
    if (argc < 5)
        errx(2, "used wrongly: read the head of scripts/bench/client.c");
    alarm(590);
    prepare(argv[3]);
    int port = atoi(argv[2]), n = atoi(argv[4]);
    if (strcmp(argv[1], "hands") == 0)
        hands(port, n);
    else if (strcmp(argv[1], "bulk") == 0 && argc == 6)
        bulk(port, (size_t)n, atol(argv[5]));
    else if (strcmp(argv[1], "row") == 0)
        row(port, n);
    else if (strcmp(argv[1], "trips") == 0)
        trips(port, n);
    else if (strcmp(argv[1], "crowd") == 0 && argc == 6)
        crowd(port, n, atoi(argv[5]));
    else if (strcmp(argv[1], "cipher") == 0)
        cipher(n);
    else if (strcmp(argv[1], "held") == 0)
        held(port, n);
    else if (strcmp(argv[1], "deaf") == 0)
        deaf(port, n);
    else
        errx(2, "what is %s?", argv[1]);
    return 0;
}
