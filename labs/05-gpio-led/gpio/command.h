/* command.h - what can be said to the LED, a line each. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stddef.h>

enum command { UNFINISHED, OFF, ON, TOGGLE, ASK, UNKNOWN };

/* What has come of a line so far; start with .n = 0. */
struct line {
    char text[16]; /* no command is as long as this */
    size_t n;
};

/* Take one byte. The last one of a line says which command the line was:
 * exactly, with nothing before it and nothing behind it. */
enum command command_take(struct line *line, char byte);

#endif
