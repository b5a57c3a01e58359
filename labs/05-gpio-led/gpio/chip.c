/* chip.c - an LED and a button on lines of a GPIO chip: the kernel's own
 * interface (character device, version 2, since Linux 5.10), no library. */
#include "gpio.h"
#include "line.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int chip_set(int fd, int on)
{
    struct gpio_v2_line_values to = { .bits = on != 0, .mask = 1 };

    return ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &to);
}

struct gpio chip_led(const char *place)
{
    struct gpio_v2_line_request ask = {
        .config.flags = GPIO_V2_LINE_FLAG_OUTPUT, /* low, if not told else */
    };
    int fd = line_request("LED", place, &ask);

    return (struct gpio){ fd, -1, chip_set, NULL };
}

static int chip_pressed(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    struct gpio_v2_line_event event;

    if (poll(&ready, 1, 0) != 1)
        return 0;
    return read(fd, &event, sizeof(event)) == sizeof(event) ? 1 : -1;
}

/* The button joins the line to ground, so that low means pressed; a resistor
 * in the chip holds it high otherwise. Its contacts bounce for some
 * milliseconds: only a level that stays counts. */
struct gpio chip_button(const char *place)
{
    struct gpio_v2_line_request ask = {
        .config.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW |
                        GPIO_V2_LINE_FLAG_BIAS_PULL_UP |
                        GPIO_V2_LINE_FLAG_EDGE_RISING,
        .config.num_attrs = 1,
        .config.attrs[0] = { .mask = 1,
                             .attr = { .id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE,
                                       .debounce_period_us = 10000 } },
    };
    int fd = line_request("button", place, &ask);

    return (struct gpio){ fd, -1, NULL, chip_pressed };
}
