/* gpio.c - the place on the command line chooses the world, at run time. */
#include "gpio.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int on_chip(const char *place)
{
    return strncmp(place, "/dev/gpiochip", 13) == 0;
}

struct gpio gpio_led(const char *place)
{
    return on_chip(place) ? chip_led(place) : sim_led(place);
}

struct gpio gpio_button(const char *place)
{
    return on_chip(place) ? chip_button(place) : sim_button(place);
}

int gpio_close(struct gpio *button)
{
    char fifo[32];
    int lost = 0, left = 64, tries = 10; /* a chip remembers fewer than 64 */

    snprintf(fifo, sizeof(fifo), "/proc/self/fd/%d", button->end);
    /* Those that are there now, and no more: somebody may press for ever. */
    ioctl(button->fd, FIONREAD, &left);
    do {
        while (left-- > 0 && button->pressed(button->fd) == 1)
            lost++;
        close(button->fd);
        /* From here on `echo > button` waits or fails: whoever presses knows.
         * But what came in just before must not lie there until the next
         * button comes, as it would if somebody waits: go back, and fetch it. */
        left = 0;
        if (button->end != -1)
            ioctl(button->end, FIONREAD, &left);
        if (left > 0)
            button->fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    } while (left > 0 && button->fd != -1 && --tries > 0);
    if (button->end != -1)
        close(button->end);
    return lost + left; /* left: what could not be fetched, if ever */
}
