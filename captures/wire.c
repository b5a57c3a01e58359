/*
 * The eye: reads a capture, draws it, searches it, sums it up.
 * Part one puts the packets in order, part two knows TLS, this one answers.
 */
#define _GNU_SOURCE 1 /* memmem, tdestroy */

#include "packets.h"
#include "records.h"

#include <arpa/inet.h>
#include <inttypes.h>

/* ---- The whole capture ------------------------------------------------- */

/* Why this side may have said more than was captured. */
static const char *missing(const struct side *me, const struct side *peer)
{
    if (!me->syn)
        return "its SYN is missing";
    if ((int64_t)me->once < me->room || me->wild)
        return "some of its bytes are missing";
    if (me->differs)
        return "it sent different bytes for the same place";
    if (!me->fin && !me->rst && !peer->rst) /* a reset ends both sides */
        return "its end is missing: no FIN, no RST";
    return NULL;
}

static void judge(struct capture *c)
{
    const char *what = c->broken;

    if (*what == '\0' && c->packets == 0)
        what = "no packets";
    else if (*what == '\0' && c->last_stream == &c->other)
        what = "no TCP or UDP in it";
    snprintf(c->why, sizeof(c->why), "%s", what);
    for (const struct packet *p = c->first; p && !*c->why; p = p->next)
        if (p->notes & (CUT | FRAGMENT))
            snprintf(c->why, sizeof(c->why), "packet %zu is %s", p->number,
                     p->notes & CUT ? "cut short" : "an IP fragment");
    for (const struct stream *s = c->other.next; s && !*c->why; s = s->next) {
        const struct side *me = s->side;
        bool refused = me[0].syn && me[1].rst && !me[1].syn && !me[0].next;
        for (int i = 0; i < 2 && s->key[0] == TCP && !refused && !*c->why; i++)
            if ((what = missing(&me[i], &me[!i])) != NULL)
                snprintf(c->why, sizeof(c->why), "stream %zu, %s: %s",
                         s->number, i ? "server" : "client", what);
    }
}

static void capture_read(struct capture *c, pcap_t *in, int64_t holes)
{
    struct pcap_pkthdr *h;
    const uint8_t *bytes;
    int got;

    *c = (struct capture){ .link = link_find(pcap_datalink(in)),
                           .holes = holes };
    c->last = &c->first;
    c->last_stream = &c->other;
    c->other.last = &c->other.first;
    while ((got = pcap_next_ex(in, &h, &bytes)) == 1)
        add_packet(c, h, bytes);
    if (got == PCAP_ERROR)
        snprintf(c->broken, sizeof(c->broken), "%s", pcap_geterr(in));
    c->packet = allocate(c, (c->packets + 1) * sizeof(struct packet *));
    for (struct packet *p = c->first; p != NULL; p = p->next)
        c->packet[p->number] = p;
    for (struct stream *s = c->other.next; s != NULL; s = s->next)
        for (int side = 0; side < 2; side++) {
            reassemble(c, s, side);
            find_records(c, &s->side[side], s->key[0] == UDP);
        }
    judge(c);
}

static void nothing(void *stream)
{
    (void)stream; /* it is one of the blocks */
}

static void capture_free(struct capture *c)
{
    tdestroy(c->tree, nothing);
    for (struct block *b = c->blocks, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
}

/* ---- Words ------------------------------------------------------------- */

static const char *const flag_names[] = { "SYN", "FIN", "RST", "PSH",
                                          "ACK", "URG", NULL };
static const char *const note_names[] = {
    "retransmission", "out-of-order", "gap",      "cut",
    "keep-alive",     "differs",      "fragment", NULL
};

static void print_bits(FILE *out, unsigned bits, const char *const names[],
                       const char *between)
{
    for (unsigned i = 0, n = 0; names[i] != NULL; i++)
        if (bits & 1u << i)
            fprintf(out, "%s%s", n++ > 0 ? between : "", names[i]);
}

static double seconds(const struct capture *c, const struct packet *p)
{
    struct timeval t0 = c->first->time, t = p->time;

    return (double)t.tv_sec - (double)t0.tv_sec +
           ((double)t.tv_usec - (double)t0.tv_usec) / 1e6;
}

/* ---- Commands ---------------------------------------------------------- */

static int lines(struct capture *c, const char *text)
{
    (void)text;
    for (const struct packet *p = c->first; p != NULL; p = p->next) {
        bool of_tcp = p->proto == TCP;
        printf("%zu\t%.6f\t", p->number, seconds(c, p));
        if (p->proto == 0)
            printf("other\t-\t-\t");
        else
            printf("%s\t%zu\t%c\t", of_tcp ? "tcp" : "udp", p->stream->number,
                   "><"[p->side]);
        print_bits(stdout, p->flags, flag_names, "+");
        printf("%s\t", p->flags ? "" : "-");
        if (of_tcp)
            printf("%" PRId64 "\t", p->pos + !(p->flags & SYN));
        printf("%s%zu\t", of_tcp ? "" : "-\t", p->data.len);
        for (const struct record *r = p->records; r != NULL; r = r->next) {
            printf("%s/%zu", record_names[r->type], r->len);
            if (r->type == ALERT || r->type == HANDSHAKE) {
                putchar('/');
                print_name(stdout, r, "+", ":");
            }
            printf("%s", r->next ? "," : "");
        }
        printf("%s\t", p->records ? "" : "-");
        print_bits(stdout, p->notes, note_names, ",");
        puts(p->notes ? "" : "-");
    }
    return 0;
}

static int totals(struct capture *c, const char *text)
{
    size_t all = 0, payload = 0, data = 0, hello = 0;
    size_t bytes[2] = { 0 }, records[2] = { 0 };

    (void)text;
    for (const struct packet *p = c->first; p != NULL; p = p->next) {
        struct side *s = p->stream->side;
        all += p->size;
        payload += p->data.len;
        bytes[p->side] += p->proto != 0 ? p->size : 0;
        for (const struct record *r = p->records; r != NULL; r = r->next)
            if (r->type == DATA) {
                s[p->side].data = true;
                data += r->len;
                records[p->side]++;
            } else if (!s[0].data && !s[1].data)
                hello += r->len + (r->dtls ? 13 : 5); /* with its header */
    }
    for (const struct stream *s = c->other.next; s != NULL; s = s->next)
        for (int i = 0; i < 2; i++)
            data += s->side[i].records ? 0 : s->side[i].once;
    printf("packets %zu\nstreams %zu\n", c->packets, c->last_stream->number);
    if (c->first != NULL)
        printf("start %lld.%06ld\n", (long long)c->first->time.tv_sec,
               (long)c->first->time.tv_usec);
    printf("bytes %zu\npayload %zu\ndata %zu\noverhead %zu\nhandshake %zu\n",
           all, payload, data, all - data, hello);
    printf("client-bytes %zu\nserver-bytes %zu\n", bytes[0], bytes[1]);
    printf("records-client %zu\nrecords-server %zu\n", records[0], records[1]);
    printf("complete %s%s\n", *c->why ? "no: " : "yes", c->why);
    return 0;
}

/* Print one place, with the first and the last packet that carry it. */
static void print_place(const struct stream *s, int side, int64_t pos,
                        size_t size)
{
    const uint32_t *owner = s->side[side].owner + pos;
    uint32_t first = *owner, last = *owner;

    for (size_t i = 0; i < size; i++) {
        first = owner[i] < first ? owner[i] : first;
        last = owner[i] > last ? owner[i] : last;
    }
    printf("stream %zu %c offset %" PRId64 " packets %u-%u\n", s->number,
           "><"[side], pos, first, last);
}

static size_t find_in(const struct stream *s, int side, const char *text)
{
    const struct side *me = &s->side[side];
    size_t size = strlen(text), hits = 0;

    for (int64_t at = 0, end = 0; at < me->room; at = end) {
        const uint8_t *hit;
        while (end < me->room && me->owner[end] != 0)
            end++;
        while ((hit = memmem(me->text + at, (size_t)(end - at), text, size))) {
            at = hit - me->text;
            print_place(s, side, at, size);
            at += (int64_t)size;
            hits++;
        }
        while (end < me->room && me->owner[end] == 0) /* a hole */
            end++;
    }
    return hits;
}

/* Headers, other protocols, bytes sent twice: what no stream holds. */
static size_t find_in_frames(const struct capture *c, const char *text)
{
    const uint8_t *hit;
    size_t hits = 0;

    for (const struct packet *p = c->first; p != NULL; p = p->next)
        if ((hit = memmem(p->frame.at, p->frame.n, text, strlen(text)))) {
            printf("stream - - offset %td packets %zu-%zu\n", hit - p->frame.at,
                   p->number, p->number);
            hits++;
        }
    return hits;
}

static int find(struct capture *c, const char *text)
{
    size_t hits = 0;

    for (const struct stream *s = c->other.next; s != NULL; s = s->next)
        hits += find_in(s, 0, text) + find_in(s, 1, text);
    if (hits > 0 || find_in_frames(c, text) > 0)
        return 0;
    if (*c->why == '\0')
        return 1;
    warnx("cannot tell: %s", c->why);
    return 3;
}

/* One record a row; but encrypted data, of which only lengths can be seen. */
static void say_records(FILE *out, const struct record *r)
{
    for (unsigned run = 0; r != NULL; r = r->next) {
        run = r->type == DATA ? run % 6 + 1 : 0;
        fputs(run > 1 || ftell(out) == 0 ? "" : "\n", out);
        if (run > 0) {
            fprintf(out, "%s%zu", run > 1 ? "+" : "encrypted, ", r->len);
            if (run == 6 || r->next == NULL || r->next->type != DATA)
                fputs(" bytes", out);
        } else if (r->type == CCS) {
            fputs("ChangeCipherSpec", out);
        } else if (r->type == HANDSHAKE && r->clear.n > 0) {
            print_name(out, r, ", ", ", SNI ");
        } else {
            fprintf(out, "%s ", record_names[r->type]);
            if (r->type != HEARTBEAT)
                print_name(out, r, "", "");
            if (r->type != ALERT || r->secret)
                fprintf(out, ", %zu bytes", r->len);
        }
    }
}

/* What a packet says, in words, in one row or more. */
static void say(FILE *out, const struct packet *p)
{
    bool data = p->data.len > 0 || p->proto == UDP;

    if (p->proto == 0)
        fprintf(out, "%s, %zu bytes",
                p->notes & FRAGMENT ? "IP fragment" : "not TCP or UDP",
                p->size);
    if (p->records == NULL || p->flags & (SYN | FIN | RST))
        print_bits(out, p->flags, flag_names, " ");
    if (data && p->records == NULL)
        fprintf(out, "%s%zu byte%s%s", ftell(out) > 0 ? ", " : "", p->data.len,
                p->data.len == 1 ? "" : "s",
                p->stream->side[p->side].records ? " of a record" : "");
    say_records(out, p->records);
    if (p->notes & ~FRAGMENT) {
        fputs("\n[", out);
        print_bits(out, p->notes & ~FRAGMENT, note_names, ", ");
        fputs("]", out);
    }
}

static void rung(const struct capture *c, const struct packet *p, int width)
{
    char *all = NULL;
    size_t size;
    FILE *out = open_memstream(&all, &size);

    if (out == NULL)
        err(2, "out of memory");
    say(out, p);
    if (fclose(out) == EOF)
        err(2, "out of memory");
    printf("%7zu%8.1f ms  ", p->number, seconds(c, p) * 1000);
    for (char *row = all, *next; row != NULL; row = next) {
        if ((next = strchr(row, '\n')) != NULL)
            *next++ = '\0';
        bool first = row == all;
        printf("%*s", first ? 0 : 20, "");
        if (p->side == 1)
            printf("%*s  %-8s  %s\n", width, "", first ? "<-------" : "", row);
        else if (first && p->proto != 0)
            printf("%-*s  ------->\n", width, row);
        else
            printf("%s\n", row);
    }
    free(all);
}

static void draw_stream(const struct capture *c, const struct stream *s)
{
    int width = s->side[0].records || s->side[1].records ? 32 : 20;
    char name[2][INET6_ADDRSTRLEN];
    const struct packet *p = s->first;

    for (unsigned i = 0; i < 2; i++)
        inet_ntop(p->ip == 4 ? AF_INET : AF_INET6, p->end[i ^ p->side], name[i],
                  sizeof(name[i]));
    if (c->last_stream->number > 1)
        printf("%sstream %zu, %s: client %s port %u, server %s port %u\n",
               s->number > 1 ? "\n" : "", s->number,
               p->proto == TCP ? "TCP" : "UDP", name[0],
               two(p->end[p->side] + 16), name[1], two(p->end[!p->side] + 16));
    printf("%20s%-*s            server\n", "", width, "client");
    for (; p != NULL; p = p->next_in_stream)
        rung(c, p, width);
}

static int ladder(struct capture *c, const char *text)
{
    (void)text;
    if (c->packets == 0)
        puts("no packets");
    for (const struct stream *s = c->other.next; s != NULL; s = s->next)
        draw_stream(c, s);
    if (c->other.first != NULL && c->other.next != NULL)
        puts("\npackets of no stream");
    for (struct packet *p = c->other.first; p != NULL; p = p->next_in_stream)
        rung(c, p, 0);
    return 0;
}

/* ---- The program ------------------------------------------------------- */

static const struct command {
    const char *name;
    int argc;
    int (*run)(struct capture *c, const char *text);
} commands[] = { { "ladder", 3, ladder },
                 { "find", 4, find },
                 { "totals", 3, totals },
                 { "lines", 3, lines } };

static int answer(const struct command *command, const char *file,
                  const char *text)
{
    char why[PCAP_ERRBUF_SIZE];
    struct capture c;
    int status;

    FILE *bytes = fopen(file, "rb");
    if (bytes == NULL)
        err(2, "cannot read %s", file);
    pcap_t *in = pcap_fopen_offline(bytes, why);
    if (in == NULL)
        errx(2, "cannot read %s: %s", file, why);
    if (link_find(pcap_datalink(in)) == NULL)
        errx(2, "cannot read %s: link type %d is not Ethernet, cooked or raw",
             file, pcap_datalink(in));
    capture_read(&c, in, HOLES);
    pcap_close(in);
    status = command->run(&c, text);
    if (fflush(stdout) == EOF)
        err(2, "standard output");
    if (*c.broken != '\0' && command->run != find) {
        warnx("%s could not be read to its end: %s", file, c.broken);
        status = 3;
    }
    capture_free(&c);
    return status;
}

int main(int argc, char *argv[])
{
    size_t n = sizeof(commands) / sizeof(*commands);

    for (const struct command *i = commands; i < commands + n; i++)
        if (argc == i->argc && strcmp(argv[1], i->name) == 0 &&
            (argc == 3 || *argv[3] != '\0'))
            return answer(i, argv[2], argc == 4 ? argv[3] : NULL);
    fputs(
        "usage: wire ladder FILE     draw the packets\n"
        "       wire find FILE TEXT  say where TEXT is: 0 found, 1 not in it,\n"
        "                            3 cannot tell, not all was captured\n"
        "       wire totals FILE     add it all up\n"
        "       wire lines FILE      a line for each packet, for scripts\n",
        stderr);
    return 2;
}
