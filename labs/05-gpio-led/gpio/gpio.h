/* gpio.h - one LED or one button, in one of two worlds. */
#ifndef GPIO_H
#define GPIO_H

/*
 * The place names the world:
 *
 *   /dev/gpiochip0:17   chip: line 17 of this GPIO chip
 *   -                   sim: standard output, or the Enter key
 *   another name        sim: a file or terminal for the LED, a FIFO (made if
 *                       it is not there) or a terminal for the button
 */
struct gpio {
    int fd;  /* a button's: poll() it, it is readable when somebody presses */
    int end; /* a FIFO's other end: while we hold it, the FIFO never ends */
    int (*set)(int fd, int on); /* -1 on failure, see errno */
    int (*pressed)(int fd);     /* 1 once a press, 0 not now, -1 never again */
};

/* These two exit on failure, and say what to do. The LED is dark then. */
struct gpio gpio_led(const char *place);
struct gpio gpio_button(const char *place);

/* Close a button: how many presses were waiting, and are lost? */
int gpio_close(struct gpio *button);

/* The two worlds, which gpio.c chooses from. */
struct gpio sim_led(const char *place);
struct gpio sim_button(const char *place);
struct gpio chip_led(const char *place);
struct gpio chip_button(const char *place);

#endif
