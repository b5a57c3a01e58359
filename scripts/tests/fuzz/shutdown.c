/* shutdown.c - lab 4's one command and any bytes at all, in pieces of any
 * length: it is heard if a whole line says it, and not otherwise. */
#define main program
#include "../../../labs/04-mtls/server.c"
#undef main

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char word[] = "shutdown\n";
    size_t piece, seen = 0, done;
    int heard = 0, said = 0;

    if (size < 2)
        return 0;
    piece = data[0] % 16 + 1;
    data++;
    size--;
    for (done = 0; done < size && !heard; done += piece)
        heard = is_shutdown((const char *)data + done,
                            size - done < piece ? size - done : piece, &seen);
    for (size_t i = 0; i + 9 <= size && !said; i++)
        said =
            (i == 0 || data[i - 1] == '\n') && memcmp(data + i, word, 9) == 0;
    if (heard != said)
        abort();
    return 0;
}
