/* shim.c - loaded before the C library (LD_PRELOAD), so that the tests need
 * neither wait a minute nor hope for bad luck. SHIM says what it does:
 *
 *   minute  who asks for 60 seconds of patience gets 1, and who asks for any
 *           other number ends on the spot
 *   short   of 100 writes to a socket, one takes only a part of the bytes and
 *           one is interrupted before it takes any; of 100 reads the same
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static int shim(const char *mode)
{
    const char *wish = getenv("SHIM");

    return wish != NULL && strcmp(wish, mode) == 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    int (*next)(int, int, int, const void *, socklen_t) =
        (int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT,
                                                               "setsockopt");
    struct timeval second = { .tv_sec = 1 };

    if (shim("minute") && level == SOL_SOCKET &&
        (name == SO_RCVTIMEO || name == SO_SNDTIMEO)) {
        if (((const struct timeval *)value)->tv_sec != 60) {
            fprintf(stderr, "shim: that is not a minute\n");
            abort();
        }
        value = &second;
    }
    return next(fd, level, name, value, len);
}

/* How many of n bytes this call may move: n, fewer, or 0 for "interrupted". */
static size_t portion(int fd, size_t n)
{
    static _Thread_local unsigned int seed = 1;
    struct stat what;

    if (!shim("short") || fstat(fd, &what) == -1 || !S_ISSOCK(what.st_mode))
        return n;
    switch (rand_r(&seed) % 100) {
    case 0:
        return n > 1 ? 1 + (size_t)rand_r(&seed) % (n - 1) : n;
    case 1:
        errno = EINTR;
        return 0;
    default:
        return n;
    }
}

ssize_t write(int fd, const void *buf, size_t n)
{
    ssize_t (*next)(int, const void *, size_t) =
        (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    size_t k = portion(fd, n);

    return n > 0 && k == 0 ? -1 : next(fd, buf, k);
}

ssize_t read(int fd, void *buf, size_t n)
{
    ssize_t (*next)(int, void *, size_t) =
        (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    size_t k = portion(fd, n);

    return n > 0 && k == 0 ? -1 : next(fd, buf, k);
}
