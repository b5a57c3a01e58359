/*
 * The eye, part one: packets, streams, and the bytes of each side in order.
 * Nothing here trusts the file: no length is used before it is checked.
 */
#include <err.h>
#include <pcap.h>
#include <search.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HOLES = 4 << 20 }; /* we keep room for so many missing bytes */
enum { TCP = 6, UDP = 17 };
enum { SYN = 1, FIN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { CCS = 20, ALERT, HANDSHAKE, DATA, HEARTBEAT };
enum {
    AGAIN = 1,    /* retransmission: all that it brings was there */
    LATE = 2,     /* out of order: it fills a gap */
    GAP = 4,      /* what comes before it is missing */
    CUT = 8,      /* not captured to its end */
    ALIVE = 16,   /* keep-alive: no part of the stream */
    DIFFERS = 32, /* what it repeats was something else before */
    FRAGMENT = 64
};

/* n bytes were captured of len bytes that were sent. */
struct bytes {
    const uint8_t *at;
    size_t n, len;
};

/* A TLS or DTLS record. It hangs on the packet that carries its last byte. */
struct record {
    struct record *next;
    size_t len;
    struct bytes clear; /* alert, or the handshake messages that end in it */
    unsigned type;
    bool secret, dtls;
};

struct packet {
    struct packet *next, *next_in_stream;
    struct stream *stream;
    struct record *records, **last_record;
    struct bytes frame, data; /* data: what TCP or UDP carries */
    struct timeval time;
    size_t number, size; /* size: on the wire, all layers */
    uint8_t end[2][18];  /* from, to: address, port */
    int side, notes;     /* side: 0 client, 1 server */
    uint32_t seq, ack;
    int64_t pos; /* of the data in all that this side said */
    uint8_t proto, ip, flags;
};

/* All that one side said. Position 0 is the byte after its SYN. */
struct side {
    uint32_t base;         /* the sequence number of position 0 */
    int64_t next, acked;   /* the end of what it sent; of what was received */
    size_t captured, once; /* bytes, with and without repetitions */
    uint8_t *text;         /* all of it, in order: room bytes. Of each byte */
    uint32_t *owner;       /* the packet that brought it first; 0: a hole */
    int64_t room;
    uint8_t *talk;        /* its handshake messages as far as they are clear, */
    size_t talked, heard; /* so many bytes; those of complete messages */
    bool started, syn, fin, rst, wild, differs, records, secret, data;
};

struct stream {
    struct stream *next;
    struct packet *first, **last;
    size_t number;
    uint8_t key[38], client[18]; /* key: protocols, both ends in order */
    struct side side[2];
};

struct capture {
    const struct link *link;
    struct packet *first, **last, **packet; /* packet[number] */
    struct stream other, *last_stream;      /* other: number 0, of no stream */
    void *tree;                             /* the newest stream of each key */
    struct block *blocks;                   /* all memory */
    int64_t holes; /* we still have room for so many missing bytes */
    size_t packets;
    char broken[PCAP_ERRBUF_SIZE];   /* why it was not read to its end */
    char why[PCAP_ERRBUF_SIZE + 64]; /* why there may be more than we saw */
};

struct block {
    struct block *next;
    _Alignas(max_align_t) uint8_t bytes[];
};

static void *allocate(struct capture *c, size_t n)
{
    struct block *b = calloc(1, sizeof(*b) + n);

    if (b == NULL)
        err(2, "out of memory");
    b->next = c->blocks;
    c->blocks = b;
    return b->bytes;
}

/* The next n bytes; if they are not all there, nothing, now and later. */
static struct bytes take(struct bytes *b, size_t n)
{
    struct bytes part = { b->at, n, n };

    if (n > b->n)
        part.n = part.len = b->n = b->len = n = 0;
    b->at += n;
    b->n -= n;
    b->len -= n;
    return part;
}

static uint32_t number(struct bytes *b, size_t width)
{
    struct bytes part = take(b, width);
    uint32_t value = 0;

    for (size_t i = 0; i < part.n; i++)
        value = value << 8 | part.at[i];
    return value;
}

static unsigned two(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Of len bytes that were sent, go past a header. Not all may be captured. */
static bool inside(struct bytes *b, size_t header, size_t len)
{
    size_t n = b->n < len ? b->n : len;

    if (header > len)
        return false;
    header = header < n ? header : n;
    *b = (struct bytes){ b->at + header, n - header, len - header };
    return true;
}

/* ---- Link layer -------------------------------------------------------- */

static const struct link {
    int type;
    size_t size;
    int kind; /* where the next layer's kind is written, or -1 */
} links[] = { { DLT_EN10MB, 14, 12 },    { DLT_LINUX_SLL, 16, 14 },
              { DLT_LINUX_SLL2, 20, 0 }, { DLT_NULL, 4, -1 },
              { DLT_LOOP, 4, -1 },       { DLT_RAW, 0, -1 },
              { DLT_IPV4, 0, -1 },       { DLT_IPV6, 0, -1 } };

static const struct link *link_find(int type)
{
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
        if (links[i].type == type)
            return &links[i];
    return NULL;
}

/* Go past the link layer's header. Is it IP that follows? */
static bool link_layer(const struct link *link, struct bytes *b)
{
    struct bytes h = take(b, link->size);
    unsigned kind = 0x0800;

    if (h.n > 0 && link->kind >= 0)
        kind = two(h.at + link->kind);
    while ((kind == 0x8100 || kind == 0x88a8) && b->n > 4) /* VLAN */
        kind = two(take(b, 4).at + 2);
    return b->n > 0 && (kind == 0x0800 || kind == 0x86dd);
}

/* ---- IP ---------------------------------------------------------------- */

static bool ipv4(struct packet *p, struct bytes *b)
{
    if (b->n < 20)
        return false;

    size_t header = (b->at[0] & 15) * 4u, len = two(b->at + 2);
    if ((two(b->at + 6) & 0x3fff) != 0)
        p->notes |= FRAGMENT;
    memcpy(p->end[0], b->at + 12, 4);
    memcpy(p->end[1], b->at + 16, 4);
    p->proto = b->at[9];
    /* Length 0: the network card was to fill it in. */
    return header >= 20 && inside(b, header, len > 0 ? len : b->len);
}

static bool ipv6(struct packet *p, struct bytes *b)
{
    /* Hop-by-hop, routing, fragment, authentication, options. */
    static const uint8_t extensions[] = { 0, 43, 44, 51, 60 };

    if (b->n < 40)
        return false;
    size_t size = 40, len = two(b->at + 4);
    memcpy(p->end[0], b->at + 8, 16);
    memcpy(p->end[1], b->at + 24, 16);
    p->proto = b->at[6];
    inside(b, size, len > 0 ? size + len : b->len);
    while (memchr(extensions, p->proto, sizeof(extensions)) != NULL) {
        if (b->n < 8)
            return false;
        size = (b->at[1] + 1) * 8u;
        if (p->proto == 44)
            size = 8;
        if (p->proto == 51)
            size = (b->at[1] + 2) * 4u;
        if (p->proto == 44 && (two(b->at + 2) & 0xfff9) != 0)
            p->notes |= FRAGMENT;
        p->proto = b->at[0];
        if (!inside(b, size, b->len))
            return false;
    }
    return true;
}

/* ---- TCP and UDP ------------------------------------------------------- */

static bool tcp(struct packet *p, struct bytes *b)
{
    struct bytes h = *b;

    take(&h, 4);
    p->seq = number(&h, 4);
    p->ack = number(&h, 4);
    if (h.n < 8)
        return false;
    size_t header = (h.at[0] >> 4) * 4u;
    unsigned f = h.at[1]; /* FIN comes before SYN there: we turn them round */
    p->flags = (uint8_t)((f & 60) | (f & 1) << 1 | (f >> 1 & 1));
    return header >= 20 && inside(b, header, b->len);
}

static bool udp(struct bytes *b)
{
    size_t len = b->n < 8 ? 1 : two(b->at + 4);

    return inside(b, 8, len > 0 ? len : b->len);
}

/* Take the headers off. Is it TCP or UDP? */
static bool dissect(const struct link *link, struct packet *p)
{
    struct bytes b = p->frame;

    if (!link_layer(link, &b))
        return false;
    p->ip = b.at[0] >> 4;
    if (p->ip == 4 ? !ipv4(p, &b) : p->ip != 6 || !ipv6(p, &b))
        return false;
    if (p->notes & FRAGMENT || b.n < 4)
        return false;
    memcpy(p->end[0] + 16, b.at, 2);
    memcpy(p->end[1] + 16, b.at + 2, 2);
    if (p->proto == TCP ? !tcp(p, &b) : p->proto != UDP || !udp(&b))
        return false;
    p->data = b;
    return true;
}

/* ---- Streams ----------------------------------------------------------- */

static int stream_order(const void *a, const void *b)
{
    return memcmp(((const struct stream *)a)->key,
                  ((const struct stream *)b)->key, 38);
}

static struct stream *stream_of(struct capture *c, const struct packet *p)
{
    struct stream new = { .key = { p->proto, p->ip } }, **known, *s;
    int low = memcmp(p->end[0], p->end[1], 18) > 0;

    if (p->proto == 0)
        return &c->other;
    memcpy(new.key + 2, p->end[low], 18);
    memcpy(new.key + 20, p->end[!low], 18);
    known = tfind(&new, &c->tree, stream_order);
    if (known != NULL) {
        struct side *me = (*known)->side;
        me += memcmp((*known)->client, p->end[0], 18) != 0;
        /* A SYN with another number: the port is used a second time. */
        if ((p->flags & (SYN | ACK)) != SYN || !me->started ||
            me->base == p->seq + 1)
            return *known;
    }
    *(s = allocate(c, sizeof(*s))) = new;
    memcpy(s->client, p->end[(p->flags & (SYN | ACK)) == (SYN | ACK)], 18);
    s->number = c->last_stream->number + 1;
    s->last = &s->first;
    c->last_stream = c->last_stream->next = s;
    if (known != NULL)
        *known = s;
    else if (tsearch(s, &c->tree, stream_order) == NULL)
        err(2, "out of memory");
    return s;
}

/* Sequence numbers wrap around: take the position nearest to the last one. */
static int64_t position(const struct side *s, uint32_t seq)
{
    return s->next + (int32_t)(seq - (uint32_t)(s->base + s->next));
}

static void follow(struct side *s, struct side *peer, struct packet *p)
{
    bool syn = p->flags & SYN, fin = p->flags & FIN;

    if (!s->started)
        s->base = p->seq + syn;
    p->pos = position(s, p->seq + syn);
    int64_t past = p->pos + (int64_t)p->data.len + fin;
    if (!(p->flags & (SYN | FIN | RST)) && p->data.len < 2 && s->started &&
        p->pos == s->next - 1)
        p->notes |= ALIVE;
    else if (p->data.len > 0 && p->pos != s->next)
        p->notes |= p->pos < s->next ? LATE : GAP; /* more in reassemble() */
    else if ((syn && s->syn) || (fin && s->fin && past <= s->next))
        p->notes |= AGAIN;
    s->started = true;
    s->syn |= syn;
    s->fin |= fin;
    s->rst |= (p->flags & RST) != 0;
    s->next = past > s->next ? past : s->next;
    if (p->flags & ACK && peer->started && position(peer, p->ack) > peer->acked)
        peer->acked = position(peer, p->ack);
}

static void add_packet(struct capture *c, const struct pcap_pkthdr *h,
                       const uint8_t *bytes)
{
    struct packet *p = allocate(c, sizeof(*p));

    p->number = ++c->packets;
    p->time = h->ts;
    p->size = h->len > h->caplen ? h->len : h->caplen;
    p->frame.at = memcpy(allocate(c, h->caplen), bytes, h->caplen);
    p->frame.n = h->caplen;
    p->frame.len = p->size;
    p->last_record = &p->records;
    if (!dissect(c->link, p))
        p->proto = p->flags = 0;
    if (h->caplen < p->size || p->data.n < p->data.len)
        p->notes |= CUT;
    size_t cut = p->data.len - p->data.n;
    if (cut < 65536 && c->holes < 16 * HOLES)
        c->holes += (int64_t)cut;

    struct stream *s = p->stream = stream_of(c, p);
    p->side = p->proto != 0 && memcmp(s->client, p->end[0], 18) != 0;
    struct side *me = &s->side[p->side];
    p->pos = me->next;
    if (p->proto == TCP)
        follow(me, &s->side[!p->side], p);
    else
        me->next += (int64_t)p->data.len;
    me->captured += p->data.n;
    *c->last = *s->last = p;
    c->last = &p->next;
    s->last = &p->next_in_stream;
}

/* ---- Reassembly -------------------------------------------------------- */

/* Sequence numbers may lie: there is only so much room for holes. */
static void make_room(struct capture *c, struct side *s)
{
    int64_t captured = (int64_t)s->captured;

    s->room = (s->next > s->acked ? s->next : s->acked) - s->fin;
    s->room = s->room < 0 ? 0 : s->room;
    if (s->room > captured + c->holes) {
        s->room = captured + c->holes;
        s->wild = true;
    }
    if (s->room > captured)
        c->holes -= s->room - captured;
    s->text = allocate(c, (size_t)s->room);
    s->owner = allocate(c, (size_t)s->room * sizeof(*s->owner));
    s->talk = allocate(c, s->captured);
}

/* Each byte belongs to the packet that brought it first. */
static void put(struct side *s, struct packet *p)
{
    size_t fresh = 0;
    bool old = p->notes & ALIVE; /* brings nothing new, at most a 0 */

    for (size_t i = 0; i < p->data.n; i++) {
        int64_t at = p->pos + (int64_t)i;
        uint8_t byte = p->data.at[i];
        if (at < 0 || at >= s->room) {
            s->wild |= at >= 0 || !old; /* before the beginning, or behind */
        } else if (s->owner[at] == 0 && !old) {
            s->owner[at] = (uint32_t)p->number;
            s->text[at] = byte;
            fresh++;
        } else if (s->owner[at] != 0 && s->text[at] != byte &&
                   !(old && byte == 0)) {
            s->differs = true;
            p->notes |= DIFFERS;
        }
    }
    s->once += fresh;
    if (p->notes & LATE && (fresh < p->data.n || fresh == 0))
        p->notes ^= LATE | AGAIN;
}

static void reassemble(struct capture *c, struct stream *stream, int side)
{
    struct side *s = &stream->side[side];
    struct packet *p;

    make_room(c, s);
    for (p = stream->first; p != NULL; p = p->next_in_stream)
        if (p->side == side)
            put(s, p);
    /* A gap that a later packet filled is none. */
    for (p = stream->first; p != NULL; p = p->next_in_stream)
        if (p->side == side && p->notes & GAP && p->pos <= s->room &&
            s->owner[p->pos - 1] != 0)
            p->notes ^= GAP;
}

/* The n bytes at pos, if they were all captured. */
static const uint8_t *stretch(const struct side *s, int64_t pos, size_t n)
{
    if ((int64_t)n > s->room - pos)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (s->owner[pos + (int64_t)i] == 0)
            return NULL;
    return s->text + pos;
}
