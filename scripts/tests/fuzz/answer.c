/* answer.c - lab 5's button and whatever the server says, in pieces of any
 * length: it takes for an answer one line, whole and printable, nothing else. */
#define SSL_read_ex fake_read
#define SSL_write_ex fake_write
#define SSL_get_error fake_error
#define tls_again fake_again
#define main program
#include "../../../labs/05-gpio-led/client.c"
#undef main

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *rest; /* what the server has yet to say, */
static size_t left, piece;  /* so much, and so much of it at a time */

int fake_read(SSL *ssl, void *buf, size_t n, size_t *k)
{
    (void)ssl;
    *k = left < piece ? left : piece;
    if (*k > n)
        *k = n;
    if (*k == 0)
        return 0;
    memcpy(buf, rest, *k);
    rest += *k;
    left -= *k;
    return 1;
}

int fake_write(SSL *ssl, const void *buf, size_t n, size_t *k)
{
    (void)ssl;
    (void)buf;
    *k = n;
    return 1;
}

/* It has said all, and goodbye. */
int fake_error(const SSL *ssl, int rc)
{
    (void)ssl;
    (void)rc;
    return SSL_ERROR_ZERO_RETURN;
}

int fake_again(const SSL *ssl)
{
    (void)ssl;
    return 0;
}

/* The first byte says how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[64];

    if (size < 1)
        return 0;
    piece = data[0] % 80 + 1;
    rest = data + 1;
    left = size - 1;
    while (left > 0) {
        const uint8_t *start = rest;
        const char *why = ask(NULL, "LED?\n", line, sizeof(line));
        size_t n = (size_t)(rest - start);
        const uint8_t *end = memchr(start, '\n', n);
        int whole = end != NULL && end == start + n - 1 && n < sizeof(line) - 1;

        for (size_t i = 0; i + 1 < n; i++) /* what a terminal would obey */
            whole = whole && start[i] >= ' ' && start[i] < 127;

        if ((why == NULL) != whole)
            abort();
        if (whole && (strlen(line) != n || memcmp(line, start, n) != 0))
            abort();
        if (why != NULL)
            break;
    }
    return 0;
}
