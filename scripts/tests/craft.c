/*
 * craft FILE LINK: write a capture, packet by packet, as standard input says.
 *
 *   > FLAGS SEQ ACK TEXT   from the client (or <, from the server): a segment.
 *                          FLAGS: letters of SFRPAU, or u: a datagram.
 *                          TEXT: no blanks, \xHH for a byte, - for nothing
 *   ip 4|4o|6|6x           from here on; o: with options, x: extension header
 *   ports CLIENT SERVER    from here on
 *   cut N                  from here on capture N bytes of each packet; 0: all
 *   claim N                from here on say each packet is N bytes longer
 *   fragment N, vlan N     from here on 1: is one, has one; 0: no longer
 *   arp                    a packet that is not IP
 */
#include <err.h>
#include <pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct craft {
    pcap_dumper_t *out;
    int link, fragment, vlan;
    char ip[3];
    unsigned port[2], cut, claim, count;
    uint8_t frame[70000];
    size_t n;
};

static void put(struct craft *c, unsigned long value, int width)
{
    while (width-- > 0)
        c->frame[c->n++] = (uint8_t)(width < 8 ? value >> 8 * width : 0);
}

static void put_text(struct craft *c, const char *text)
{
    unsigned value;

    if (strcmp(text, "-") == 0)
        return;
    while (*text != '\0' && c->n < sizeof(c->frame) - 1)
        if (sscanf(text, "\\x%2x", &value) == 1) {
            put(c, value, 1);
            text += 4;
        } else
            put(c, (uint8_t)*text++, 1);
}

static void write_frame(struct craft *c)
{
    struct pcap_pkthdr h = { .ts = { 1000000000, 100 * c->count++ } };

    h.len = (bpf_u_int32)c->n;
    h.caplen = c->cut > 0 && c->cut < c->n ? c->cut : (bpf_u_int32)c->n;
    pcap_dump((uint8_t *)c->out, &h, c->frame);
}

static void link_header(struct craft *c, unsigned kind)
{
    c->n = 0;
    switch (c->link) {
    case DLT_EN10MB:
        put(c, 0, 12);
        if (c->vlan)
            put(c, 0x81000007, 4);
        put(c, kind, 2);
        break;
    case DLT_LINUX_SLL:
        put(c, 0, 14);
        put(c, kind, 2);
        break;
    case DLT_LINUX_SLL2:
        put(c, kind, 2);
        put(c, 0, 18);
        break;
    case DLT_NULL:
    case DLT_LOOP:
        put(c, 2, 4);
        break;
    }
}

/* n: the bytes that follow the IP header. */
static void ip_header(struct craft *c, int from, unsigned proto, size_t n)
{
    size_t more = strlen(c->ip) > 1 ? 8 : 0;

    n += c->claim;
    if (c->ip[0] == '4') {
        put(c, more ? 0x47 : 0x45, 1);
        put(c, 0, 1);
        put(c, 20 + more + n, 2);
        put(c, 1, 2);
        put(c, c->fragment ? 0x2000 : 0, 2);
        put(c, 64u << 24 | proto << 16, 4);
        put(c, 0x0a000001u + (unsigned)from, 4);
        put(c, 0x0a000002u - (unsigned)from, 4);
        put(c, 0x0101010101010101, (int)more);
        return;
    }
    put(c, 6u << 28, 4);
    more += c->fragment ? 8 : 0;
    put(c, more + n, 2);
    put(c, strlen(c->ip) > 1 ? 60 : c->fragment ? 44 : proto, 1);
    put(c, 64, 1);
    for (int i = 0; i < 2; i++) {
        put(c, 0xfd00000000000000, 8);
        put(c, 1u + (unsigned)(from != i), 8);
    }
    if (strlen(c->ip) > 1)
        put(c, (c->fragment ? 44ul : proto) << 56 | 0x000104000000ul << 8, 8);
    if (c->fragment)
        put(c, (unsigned long)proto << 56 | 1ul << 32, 8);
}

static void segment(struct craft *c, int from, const char *flags,
                    unsigned long seq, unsigned long ack, const char *text)
{
    static const char letters[] = "FSRPAU";
    struct craft data = { .n = 0 };
    int udp = strcmp(flags, "u") == 0;
    unsigned bits = 0;

    for (const char *f = flags; *f && !udp; f++)
        bits |= 1u << (strchr(letters, *f) - letters);
    put_text(&data, text);
    link_header(c, c->ip[0] == '4' ? 0x0800 : 0x86dd);
    ip_header(c, from, udp ? 17 : 6, data.n + (udp ? 8 : 20));
    put(c, c->port[from], 2);
    put(c, c->port[!from], 2);
    if (udp) {
        put(c, 8 + data.n, 2);
        put(c, 0, 2);
    } else {
        put(c, seq, 4);
        put(c, ack, 4);
        put(c, 0x5000 | bits, 2);
        put(c, 0xffff0000, 4);
        put(c, 0, 2);
    }
    for (size_t i = 0; i < data.n; i++)
        put(c, data.frame[i], 1);
    write_frame(c);
}

static void obey(struct craft *c, const char *line)
{
    static char flags[16], text[60000];
    unsigned long seq, ack;

    if (sscanf(line, "> %15s %lu %lu %59999s", flags, &seq, &ack, text) == 4)
        segment(c, 0, flags, seq, ack, text);
    else if (sscanf(line, "< %15s %lu %lu %59999s", flags, &seq, &ack, text) ==
             4)
        segment(c, 1, flags, seq, ack, text);
    else if (strcmp(line, "arp\n") == 0) {
        link_header(c, 0x0806);
        put(c, 0, 28);
        write_frame(c);
    } else if (sscanf(line, "ip %2s", c->ip) != 1 &&
               sscanf(line, "ports %u %u", &c->port[0], &c->port[1]) != 2 &&
               sscanf(line, "cut %u", &c->cut) != 1 &&
               sscanf(line, "claim %u", &c->claim) != 1 &&
               sscanf(line, "fragment %d", &c->fragment) != 1 &&
               sscanf(line, "vlan %d", &c->vlan) != 1 && *line != '\n')
        errx(2, "not a line for craft: %s", line);
}

int main(int argc, char *argv[])
{
    static struct craft c = { .ip = "4", .port = { 50000, 4433 } };
    static char line[61000];

    if (argc != 3)
        errx(2, "usage: craft FILE LINK <LINES");
    c.link = pcap_datalink_name_to_val(argv[2]);
    pcap_t *dead = pcap_open_dead(c.link, 262144);
    c.out = pcap_dump_open(dead, argv[1]);
    if (c.out == NULL)
        errx(1, "%s", pcap_geterr(dead));
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(&c, line);
    pcap_dump_close(c.out);
    pcap_close(dead);
    return 0;
}
