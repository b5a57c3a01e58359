/* command.c - the LED's commands and any bytes at all: what is taken for a
 * command must be one, whole and alone on its line. */
#include "../../../labs/05-gpio-led/gpio/command.c"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = { "", "LED OFF", "LED ON", "LED TOGGLE",
                                         "LED?" };
    struct line line = { .n = 0 };
    size_t start = 0;

    for (size_t i = 0; i < size; i++) {
        enum command c = command_take(&line, (char)data[i]);
        if ((c == UNFINISHED) != (data[i] != '\n') || c > UNKNOWN)
            abort();
        if (c == UNFINISHED)
            continue;
        enum command want = UNKNOWN;
        for (enum command k = OFF; k < UNKNOWN; k++)
            if (i - start == strlen(words[k]) &&
                memcmp(data + start, words[k], i - start) == 0)
                want = k;
        if (c != want)
            abort();
        start = i + 1;
    }
    return 0;
}
