/* gpio.c - the place on the command line chooses the world, at run time. */
#include "gpio.h"

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
    int lost = 0, late = 0, left = 64; /* a chip remembers fewer */

    /* Those that are there now, and no more: somebody may press for ever. */
    ioctl(button->fd, FIONREAD, &left);
    while (left-- > 0 && button->pressed(button->fd) == 1)
        lost++;
    close(button->fd);
    /* From here on `echo > button` waits or fails: whoever presses knows. But
     * what came in just before is lost as well, and must not lie there until
     * the next button comes: it is gone when nobody has the FIFO open. */
    if (button->end != -1) {
        ioctl(button->end, FIONREAD, &late);
        close(button->end);
    }
    return lost + late;
}
