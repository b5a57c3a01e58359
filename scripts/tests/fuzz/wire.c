/* wire.c - the eye and any bytes at all: each of its questions, in turn. */
#define main wire_main
#include "../../../captures/wire.c"
#undef main

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *null;
    char why[PCAP_ERRBUF_SIZE];
    struct capture c;

    if (null == NULL && (null = freopen("/dev/null", "w", stdout)) == NULL)
        err(2, "/dev/null");
    FILE *file = fmemopen((void *)(uintptr_t)data, size > 0 ? size : 1, "rb");
    pcap_t *in = file == NULL ? NULL : pcap_fopen_offline(file, why);
    if (in == NULL) {
        if (file != NULL)
            fclose(file);
        return 0;
    }
    if (link_find(pcap_datalink(in)) != NULL) {
        /* Little room for what is missing, or most of the time went there. */
        capture_read(&c, in, 4096);
        ladder(&c, NULL);
        lines(&c, NULL);
        totals(&c, NULL);
        find(&c, "hello");
        capture_free(&c);
    }
    pcap_close(in);
    return 0;
}
