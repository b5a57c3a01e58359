/* line.h - one line of a GPIO chip, asked of the kernel. */
#ifndef LINE_H
#define LINE_H

#include <linux/gpio.h>

/* The line's descriptor: ours alone, until we close it. what is "LED" or
 * "button". Exits on failure, and says what to do. */
int line_request(const char *what, const char *place,
                 struct gpio_v2_line_request *ask);

#endif
