/*
 * flip FILE TEXT cut|SEED: ask the eye about spoiled copies of a capture.
 * cut: the file ends after each of its bytes in turn. SEED: 1000 copies with
 * some bytes changed, but not those of TEXT. The eye may find TEXT, or say
 * that it cannot read the file, or that it cannot tell. It must never say that
 * TEXT is not there, and never crash: build this with sanitizers.
 */
#define main wire_main
#include "../../captures/wire.c"
#undef main

static int ask(uint8_t *copy, size_t n, const char *text)
{
    char why[PCAP_ERRBUF_SIZE];
    FILE *file = fmemopen(copy, n > 0 ? n : 1, "rb");
    pcap_t *in = pcap_fopen_offline(file, why);
    struct capture c;

    if (in == NULL) {
        fclose(file);
        return 2;
    }
    if (link_find(pcap_datalink(in)) == NULL) {
        pcap_close(in);
        return 2;
    }
    capture_read(&c, in, HOLES);
    pcap_close(in);
    ladder(&c, NULL);
    lines(&c, NULL);
    totals(&c, NULL);
    int status = find(&c, text);
    capture_free(&c);
    return status;
}

/* Change one byte to four, anywhere but in the text. */
static void spoil(uint8_t *copy, size_t n, const uint8_t *text, size_t size)
{
    for (int i = rand() % 4; i >= 0; i--) {
        size_t at = (size_t)rand() % n;
        if (copy + at < text || copy + at >= text + size)
            copy[at] =
                (uint8_t)(rand() % 2 ? rand() : copy[at] ^ 1 << rand() % 8);
    }
}

int main(int argc, char *argv[])
{
    static uint8_t whole[100000], copy[sizeof(whole)];
    FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;

    if (file == NULL || freopen("/dev/null", "w", stdout) == NULL)
        err(2, "flip FILE TEXT cut|SEED");
    size_t n = fread(whole, 1, sizeof(whole), file), size = strlen(argv[2]);
    const uint8_t *text = memmem(whole, n, argv[2], size);
    bool cut = strcmp(argv[3], "cut") == 0;

    fclose(file);
    if (text == NULL || ask(whole, n, argv[2]) != 0)
        errx(2, "%s is not in %s", argv[2], argv[1]);
    srand(cut ? 0 : (unsigned)atoi(argv[3]));
    for (size_t i = 0; i < (cut ? n : 1000); i++) {
        memcpy(copy, whole, n);
        if (!cut)
            spoil(copy, n, copy + (text - whole), size);
        if (ask(copy, cut ? i : n, argv[2]) == 1)
            errx(1, "case %zu: \"not in it\" is wrong", i);
    }
    return 0;
}
