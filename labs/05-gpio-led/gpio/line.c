/* line.c - one line of a GPIO chip, asked of the kernel. */
#include "line.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Why we did not get the line, and what to do about it. */
static const char *advice(int chip, unsigned line)
{
    struct gpio_v2_line_info info = { .offset = line };
    static char text[96];

    switch (errno) {
    case ENOENT:
        return "no such chip: gpiodetect, or ls /dev/gpiochip*, shows them";
    case EACCES:
        return "not for you: sudo usermod -aG gpio $USER, then log in anew";
    case ENOTTY:
        return "not a GPIO chip, or a Linux before 5.10";
    case EBUSY:
        ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &info);
        snprintf(text, sizeof(text), "busy: \"%s\" has it: gpioinfo shows all",
                 info.consumer);
        return text;
    case EINVAL:
        return "no such line on this chip: gpioinfo shows them";
    default:
        return strerror(errno);
    }
}

int line_request(const char *what, const char *place,
                 struct gpio_v2_line_request *ask)
{
    char name[32], rest;

    if (sscanf(place, "%31[^:]:%u%c", name, &ask->offsets[0], &rest) != 2)
        errx(1, "%s %s: which line of it? Say /dev/gpiochip0:17", what, place);
    snprintf(ask->consumer, sizeof(ask->consumer), "wirelab %s", what);
    ask->num_lines = 1;

    int chip = open(name, O_RDWR | O_CLOEXEC);
    int rc = chip == -1 ? -1 : ioctl(chip, GPIO_V2_GET_LINE_IOCTL, ask);
    if (rc == -1 && chip != -1 && ask->config.num_attrs > 0 && errno != EBUSY) {
        ask->config.num_attrs = 0;
        rc = ioctl(chip, GPIO_V2_GET_LINE_IOCTL, ask);
        if (rc == 0)
            warnx("%s %s: not debounced, one press may count as many", what,
                  place);
    }
    if (rc == -1)
        errx(1, "%s %s: %s", what, place, advice(chip, ask->offsets[0]));
    close(chip);
    return ask->fd;
}
