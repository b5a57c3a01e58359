/*
 * The eye: reads a capture, draws it, searches it, sums it up.
 * It may be a stranger's file: no length is used before it is checked.
 */
#define _GNU_SOURCE 1 /* memmem, tdestroy */

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <pcap.h>
#include <search.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TCP = 6, UDP = 17, HOLES = 64 << 20 };
enum { SYN = 1, FIN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { CCS = 20, ALERT, HANDSHAKE, DATA, HEARTBEAT };
enum {
    AGAIN = 1,
    LATE = 2,
    GAP = 4,
    CUT = 8,
    ALIVE = 16,
    DIFFERS = 32,
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
    struct bytes data; /* what TCP or UDP carries; else the whole frame */
    struct timeval time;
    size_t number, size;  /* size: on the wire, all layers */
    uint8_t end[2][18];   /* from, to: address, port */
    unsigned side, notes; /* side: 0 client, 1 server */
    uint32_t seq, ack;
    int64_t pos; /* of the data in all that this side said */
    uint8_t proto, ip, flags;
};

/* All that one side said. Position 0 is the byte after its SYN. */
struct side {
    uint8_t *text;   /* room bytes; of each byte: */
    uint32_t *owner; /* the packet that brought it first, or 0: a hole */
    uint8_t *talk;   /* the handshake messages, as far as they are clear */
    int64_t next, acked, room; /* sent so far; acknowledged; what we keep */
    size_t captured, once, talked, heard;
    uint32_t base; /* the sequence number of position 0 */
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
    int64_t holes; /* so many more bytes may be missing */
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
    if (b->n < 40)
        return false;

    size_t size = 40, len = two(b->at + 4);
    memcpy(p->end[0], b->at + 8, 16);
    memcpy(p->end[1], b->at + 24, 16);
    p->proto = b->at[6];
    inside(b, size, len > 0 ? size + len : b->len);
    /* Extension headers: hop-by-hop, routing, fragment, AH, options. */
    while (memchr("\0\53\54\63\74", p->proto, 5) != NULL) {
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

/* Take the headers off. What is not TCP or UDP stays whole, as "other". */
static bool dissect(const struct link *link, struct packet *p)
{
    struct bytes b = p->data;

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
    p->data = (struct bytes){ memcpy(allocate(c, h->caplen), bytes, h->caplen),
                              h->caplen, p->size };
    p->last_record = &p->records;
    if (!dissect(c->link, p))
        p->proto = p->flags = 0;
    if (h->caplen < p->size || p->data.n < p->data.len)
        p->notes |= CUT;

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

    for (size_t i = 0; i < p->data.n; i++) {
        int64_t at = p->pos + (int64_t)i;
        if (at < 0 || at >= s->room)
            continue;
        if (s->owner[at] == 0) {
            s->owner[at] = (uint32_t)p->number;
            s->text[at] = p->data.at[i];
            fresh++;
        } else if (s->text[at] != p->data.at[i]) {
            s->differs = true;
            p->notes |= DIFFERS;
        }
    }
    s->once += fresh;
    if (p->notes & LATE && (fresh < p->data.n || fresh == 0))
        p->notes ^= LATE | AGAIN;
}

static void reassemble(struct capture *c, struct stream *stream, unsigned side)
{
    struct side *s = &stream->side[side];
    struct packet *p;

    make_room(c, s);
    for (p = stream->first; p != NULL; p = p->next_in_stream)
        if (p->side == side && !(p->notes & ALIVE))
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

/* ---- TLS and DTLS records ---------------------------------------------- */

static bool is_record(const uint8_t *h, bool dtls)
{
    size_t len = two(h + (dtls ? 11 : 3));
    bool version = h[1] == 3 && h[2] <= 4;

    if (dtls)
        version = h[1] == 0xfe && (h[2] == 0xff || h[2] == 0xfd);
    return h[0] >= CCS && h[0] <= HEARTBEAT && version && len <= 16384 + 2048 &&
           (len > 0 || h[0] == DATA);
}

/* After ChangeCipherSpec all is secret, but for hellos after a retry. */
static bool is_secret(const struct side *s, const struct record *r,
                      const uint8_t *body)
{
    if (r->type == ALERT)
        return r->len != 2;
    if (r->dtls || body == NULL || r->len < 4)
        return s->secret;
    return s->secret && !((body[0] == 1 || body[0] == 2) && body[1] == 0 &&
                          two(body + 2) + 4 == r->len);
}

/* Messages may be spread over records. Which ones does this part complete? */
static void hear(struct side *s, struct bytes part, struct bytes *clear)
{
    memcpy(s->talk + s->talked, part.at, part.n);
    s->talked += part.n;
    for (;;) {
        size_t n = s->talked - s->heard;
        struct bytes all = { s->talk + s->heard, n, n };
        size_t type_and_len = number(&all, 4), len = type_and_len & 0xffffff;
        if (n < 4 || all.n < len)
            return;
        if (clear->n == 0)
            clear->at = s->talk + s->heard;
        clear->n += 4 + len;
        s->heard += 4 + len;
    }
}

/* In DTLS each part of a message has a header of its own. */
static void hear_dtls(struct side *s, struct bytes body, struct bytes *clear)
{
    while (body.n >= 12) {
        struct bytes h = take(&body, 12), start = take(&h, 4);
        take(&h, 2);
        size_t offset = number(&h, 3);
        struct bytes part = take(&body, number(&h, 3));
        if (offset == 0) {
            s->heard = s->talked;
            hear(s, start, clear);
        }
        if (s->talked == s->heard + 4 + offset)
            hear(s, part, clear);
    }
}

static void add_record(struct capture *c, struct side *s, struct packet *p,
                       struct record new, const uint8_t *body)
{
    struct bytes all = { body, new.len, new.len };
    struct record *r = allocate(c, sizeof(*r));

    *r = new;
    *p->last_record = r;
    p->last_record = &r->next;
    r->secret = is_secret(s, r, body);
    s->secret |= r->type == CCS;
    s->records = true;
    r->clear.at = body;
    if (r->type != HANDSHAKE || r->secret)
        return;
    if (body == NULL)
        s->heard = s->talked;
    else if (r->dtls)
        hear_dtls(s, all, &r->clear);
    else
        hear(s, all, &r->clear);
}

/* After a hole, or without a SYN, try where each packet begins. */
static void find_records(struct capture *c, struct side *s, bool dtls)
{
    int64_t pos = 0, last, header = dtls ? 13 : 5;

    while (pos < s->room) {
        const uint8_t *h = stretch(s, pos, (size_t)header);
        if (h == NULL || !is_record(h, dtls)) {
            if (h != NULL && s->syn && pos == 0)
                return;
            for (pos++; pos < s->room; pos++)
                if (s->owner[pos] != 0 && s->owner[pos] != s->owner[pos - 1])
                    break;
            continue;
        }
        struct record r = { .type = h[0], .dtls = dtls };
        r.len = two(h + header - 2);
        const uint8_t *body = stretch(s, pos + header, r.len);
        pos += header + (int64_t)r.len;
        if (pos > s->room)
            return;
        for (last = pos - 1; s->owner[last] == 0;)
            last--;
        if (dtls)
            s->secret = two(h + 3) > 0; /* the epoch */
        add_record(c, s, c->packet[s->owner[last]], r, body);
    }
}

/* ---- The whole capture ------------------------------------------------- */

/* Why this side may have said more than was captured. */
static const char *missing(const struct side *me, const struct side *peer)
{
    if (!me->syn)
        return "its SYN is missing";
    for (int64_t i = 0; i < me->room; i++)
        if (me->owner[i] == 0)
            return "some of its bytes are missing";
    if (me->wild)
        return "its sequence numbers go astray";
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
                     p->notes & CUT ? "cut" : "an IP fragment");
    for (const struct stream *s = c->other.next; s && !*c->why; s = s->next) {
        const struct side *me = s->side;
        bool refused = me[0].syn && me[1].rst && !me[1].syn && !me[0].next;
        for (int i = 0; i < 2 && s->key[0] == TCP && !refused && !*c->why; i++)
            if ((what = missing(&me[i], &me[!i])) != NULL)
                snprintf(c->why, sizeof(c->why), "stream %zu, %s: %s",
                         s->number, i ? "server" : "client", what);
    }
}

static void capture_read(struct capture *c, pcap_t *in)
{
    struct pcap_pkthdr *h;
    const uint8_t *bytes;
    int got;

    *c = (struct capture){ .link = link_find(pcap_datalink(in)),
                           .holes = HOLES };
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
    for (struct stream *s = &c->other; s != NULL; s = s->next)
        for (unsigned side = 0; side < 2; side++) {
            reassemble(c, s, side);
            if (s != &c->other)
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
static const char *const record_names[] = { [CCS] = "ccs",
                                            [ALERT] = "alert",
                                            [HANDSHAKE] = "handshake",
                                            [DATA] = "data",
                                            [HEARTBEAT] = "heartbeat" };
static const char *const message_names[256] = {
    [0] = "HelloRequest",        [1] = "ClientHello",
    [2] = "ServerHello",         [3] = "HelloVerifyRequest",
    [4] = "NewSessionTicket",    [5] = "EndOfEarlyData",
    [8] = "EncryptedExtensions", [11] = "Certificate",
    [12] = "ServerKeyExchange",  [13] = "CertificateRequest",
    [14] = "ServerHelloDone",    [15] = "CertificateVerify",
    [16] = "ClientKeyExchange",  [20] = "Finished",
    [22] = "CertificateStatus",  [24] = "KeyUpdate"
};
static const char *const alert_names[256] = {
    [0] = "close_notify",
    [10] = "unexpected_message",
    [20] = "bad_record_mac",
    [22] = "record_overflow",
    [40] = "handshake_failure",
    [42] = "bad_certificate",
    [43] = "unsupported_certificate",
    [44] = "certificate_revoked",
    [45] = "certificate_expired",
    [46] = "certificate_unknown",
    [47] = "illegal_parameter",
    [48] = "unknown_ca",
    [49] = "access_denied",
    [50] = "decode_error",
    [51] = "decrypt_error",
    [70] = "protocol_version",
    [71] = "insufficient_security",
    [80] = "internal_error",
    [86] = "inappropriate_fallback",
    [90] = "user_canceled",
    [100] = "no_renegotiation",
    [109] = "missing_extension",
    [110] = "unsupported_extension",
    [112] = "unrecognized_name",
    [113] = "bad_certificate_status_response",
    [115] = "unknown_psk_identity",
    [116] = "certificate_required",
    [120] = "no_application_protocol"
};

static const char *name_of(const char *const names[256], uint8_t number)
{
    return names[number] != NULL ? names[number] : "unknown";
}

static void print_bits(FILE *out, unsigned bits, const char *const names[],
                       const char *between)
{
    for (unsigned i = 0, n = 0; names[i] != NULL; i++)
        if (bits & 1u << i)
            fprintf(out, "%s%s", n++ > 0 ? between : "", names[i]);
}

/* The server name that a ClientHello asks for. */
static struct bytes server_name(struct bytes hello, bool dtls)
{
    struct bytes all, one;

    take(&hello, 2 + 32);                       /* version, random */
    take(&hello, number(&hello, 1));            /* session */
    take(&hello, dtls ? number(&hello, 1) : 0); /* cookie */
    take(&hello, number(&hello, 2));            /* cipher suites */
    take(&hello, number(&hello, 1));            /* compression */
    all = take(&hello, number(&hello, 2));
    while (all.n > 0) {
        unsigned kind = number(&all, 2);
        one = take(&all, number(&all, 2));
        if (kind == 0 && number(&one, 2) == one.n && number(&one, 1) == 0)
            return take(&one, number(&one, 2));
    }
    return all;
}

/* Handshake messages, each with the server name if there is one. */
static void print_messages(FILE *out, struct bytes all, bool dtls,
                           const char *between, const char *sni)
{
    while (all.n >= 4) {
        unsigned type = number(&all, 1);
        struct bytes body = take(&all, number(&all, 3)), name = { 0 };
        fputs(name_of(message_names, (uint8_t)type), out);
        if (type == 1)
            name = server_name(body, dtls);
        for (size_t i = 0; i < name.n; i++) {
            int ch = name.at[i];
            bool fine = isalnum(ch) || memchr("-._", ch, 3) != NULL;
            fprintf(out, "%s%c", i == 0 ? sni : "", fine ? ch : '?');
        }
        fputs(all.n >= 4 ? between : "", out);
    }
}

/* What can be read of a record. */
static void print_name(FILE *out, const struct record *r, const char *between,
                       const char *sni)
{
    if (r->secret)
        fputs("encrypted", out);
    else if (r->clear.at == NULL)
        fputs("cut", out);
    else if (r->type == ALERT)
        fprintf(out, "%s:%s", r->clear.at[0] == 1 ? "warning" : "fatal",
                name_of(alert_names, r->clear.at[1]));
    else if (r->clear.n == 0)
        fputs("part", out);
    else
        print_messages(out, r->clear, r->dtls, between, sni);
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
        printf("%s%zu\t", of_tcp ? "" : "-\t", p->proto ? p->data.len : 0);
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
        payload += p->proto != 0 ? p->data.len : 0;
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
static void print_place(const struct stream *s, unsigned side, int64_t pos,
                        size_t size)
{
    const uint32_t *owner = s->side[side].owner + pos;
    uint32_t first = *owner, last = *owner;

    for (size_t i = 0; i < size; i++) {
        first = owner[i] < first ? owner[i] : first;
        last = owner[i] > last ? owner[i] : last;
    }
    if (s->number == 0)
        printf("stream - - ");
    else
        printf("stream %zu %c ", s->number, "><"[side]);
    printf("offset %" PRId64 " packets %u-%u\n", pos, first, last);
}

static size_t find_in(const struct stream *s, unsigned side, const char *text)
{
    const struct side *me = &s->side[side];
    size_t size = strlen(text), hits = 0;

    for (int64_t at = 0, end; at < me->room; at = end + 1) {
        for (end = at; end < me->room && me->owner[end] != 0;)
            end++;
        const uint8_t *hit;
        while ((hit = memmem(me->text + at, (size_t)(end - at), text, size))) {
            at = hit - me->text;
            print_place(s, side, at, size);
            at += (int64_t)size;
            hits++;
        }
    }
    return hits;
}

static int find(struct capture *c, const char *text)
{
    size_t hits = 0;

    for (const struct stream *s = &c->other; s != NULL; s = s->next)
        hits += find_in(s, 0, text) + find_in(s, 1, text);
    if (hits > 0)
        return 0;
    if (*c->why == '\0')
        return 1;
    warnx("cannot tell: not in what was captured, but %s", c->why);
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
        fputs(p->notes & FRAGMENT ? "IP fragment" : "not TCP or UDP", out);
    if (p->records == NULL || p->flags & (SYN | FIN | RST))
        print_bits(out, p->flags, flag_names, " ");
    if (data && p->records == NULL)
        fprintf(out, "%s%zu bytes%s", p->proto != UDP ? ", " : "", p->data.len,
                p->stream->side[p->side].records ? " of a record" : "");
    say_records(out, p->records);
    if (p->notes != 0) {
        fputs(" [", out);
        print_bits(out, p->notes, note_names, ", ");
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
    int width = s->side[0].records || s->side[1].records ? 36 : 20;
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

    pcap_t *in = pcap_open_offline(file, why);
    if (in == NULL)
        errx(2, "cannot read %s: %s", file, why);
    if (link_find(pcap_datalink(in)) == NULL)
        errx(2, "cannot read %s: link type %d is not Ethernet, cooked or raw",
             file, pcap_datalink(in));
    capture_read(&c, in);
    pcap_close(in);
    status = command->run(&c, text);
    if (fflush(stdout) == EOF)
        err(2, "standard output");
    if (*c.broken != '\0')
        warnx("%s: not read to its end: %s", file, c.broken);
    if (*c.broken != '\0' && command->run != find)
        status = 3;
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
