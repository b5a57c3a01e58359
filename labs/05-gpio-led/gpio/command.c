/* command.c - from bytes, which come in any pieces, to commands. */
#include "command.h"

#include <string.h>

enum command command_take(struct line *line, char byte)
{
    static const char *const words[] = { [OFF] = "LED OFF",
                                         [ON] = "LED ON",
                                         [TOGGLE] = "LED TOGGLE",
                                         [ASK] = "LED?" };
    enum command c;

    if (byte != '\n') {
        if (line->n < sizeof(line->text)) /* what is longer is wrong anyway */
            line->text[line->n++] = byte;
        return UNFINISHED;
    }
    for (c = OFF; c < UNKNOWN; c++)
        if (line->n == strlen(words[c]) &&
            memcmp(line->text, words[c], line->n) == 0)
            break;
    line->n = 0;
    return c;
}
