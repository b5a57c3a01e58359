/* sim.c - an LED and a button for any PC: lines of text. */
#include "gpio.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* The LED is a line for each change, in a file, a terminal or a log. */
static int sim_set(int fd, int on)
{
    const char *line = on ? "LED Status: On\n" : "LED Status: Off\n";
    struct pollfd room = { .fd = fd, .events = POLLOUT };

    errno = ENOSPC; /* so it is if nothing, or only a part, can be written */
    if (poll(&room, 1, 0) != 1)
        return -1;
    return write(fd, line, strlen(line)) == (ssize_t)strlen(line) ? 0 : -1;
}

struct gpio sim_led(const char *place)
{
    struct gpio led = { STDOUT_FILENO, -1, sim_set, NULL };

    /* Not to wait: a terminal that was stopped must not stop the server. */
    if (strcmp(place, "-") != 0)
        led.fd = open(place,
                      O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK |
                          O_CLOEXEC,
                      0644);
    if (led.fd == -1 && errno == ENXIO)
        errx(1, "LED %s: a FIFO that nobody reads: cat %s", place, place);
    if (led.fd == -1 || sim_set(led.fd, 0) == -1)
        err(1, "LED %s", place);
    return led;
}

/* A line is a press, however long it is. */
static int sim_pressed(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    char c;
    ssize_t n;

    while (poll(&ready, 1, 0) == 1) {
        if ((n = read(fd, &c, 1)) != 1) /* or did another reader get it? */
            return n == -1 && errno == EAGAIN ? 0 : -1;
        if (c == '\n')
            return 1;
    }
    return 0;
}

/* What was typed before we were here is no press: nobody knows how old it is.
 * For a FIFO the system sees to that: `echo > button` waits for us. */
struct gpio sim_button(const char *place)
{
    struct gpio button = { STDIN_FILENO, -1, NULL, sim_pressed };
    struct stat is;

    if (strcmp(place, "-") != 0) {
        if (mkfifo(place, 0600) == -1 && errno != EEXIST)
            err(1, "button %s", place);
        button.fd = open(place, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (button.fd == -1 || fstat(button.fd, &is) == -1)
            err(1, "button %s", place);
        if (!S_ISFIFO(is.st_mode) && !isatty(button.fd))
            errx(1,
                 "button %s: neither a FIFO nor a terminal: remove it, or "
                 "name another",
                 place);
        /* With one writer, us, the FIFO does not end after each press. */
        if (S_ISFIFO(is.st_mode) &&
            (button.end = open(place, O_WRONLY | O_CLOEXEC)) == -1)
            err(1, "button %s", place);
    }
    tcflush(button.fd, TCIFLUSH);
    return button;
}
