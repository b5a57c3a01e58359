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
    int lost = 0, late = 0;

    while (button->pressed(button->fd) == 1)
        lost++;
    close(button->fd);
    /* From here on `echo > button` waits or fails: whoever presses knows. But
     * what came in between two calls of ours is lost as well. */
    if (button->end == -1 || ioctl(button->end, FIONREAD, &late) == -1)
        late = 0;
    return lost + late;
}
