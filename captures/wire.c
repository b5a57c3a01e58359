/*
 * The eye: reads a capture, draws it, searches it, sums it up.
 * It reads files from strangers: no length is used before it is checked.
 */
#define _GNU_SOURCE 1 /* memmem, tdestroy */

#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <pcap.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TCP = 6, UDP = 17 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };
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
enum { WHY = PCAP_ERRBUF_SIZE + 64 };

static const struct bit {
    unsigned bit;
    const char *name;
} flag_bits[] = { { SYN, "SYN" }, { FIN, "FIN" }, { RST, "RST" },
                  { PSH, "PSH" }, { ACK, "ACK" }, { URG, "URG" },
                  { 0, NULL } },
  note_bits[] = { { AGAIN, "retransmission" },
                  { LATE, "out-of-order" },
                  { GAP, "gap" },
                  { CUT, "cut" },
                  { ALIVE, "keep-alive" },
                  { DIFFERS, "differs" },
                  { FRAGMENT, "fragment" },
                  { 0, NULL } };

/* n bytes were captured of len bytes that were sent. */
struct bytes {
    const uint8_t *at;
    size_t n, len;
};

/* A TLS or DTLS record; it hangs on the packet that carries its last byte. */
struct record {
    struct record *next;
    unsigned type;
    size_t len;
    char *name; /* of what can be read in it, or NULL */
};

struct packet {
    struct packet *next, *next_in_stream;
    struct stream *stream;
    struct record *records, **last_record;
    uint8_t *frame;
    struct bytes data; /* what TCP or UDP carries; else the whole frame */
    struct timeval time;
    size_t number, size; /* size: on the wire, all layers */
    uint8_t end[2][18];  /* source and destination: address, port */
    uint8_t proto, ip, flags;
    unsigned from, notes; /* from: 0 client, 1 server */
    uint32_t seq, ack;
    int64_t pos; /* where data lies in its side of the stream */
};

/* A stretch of a stream, up to the next piece, and who brought it first. */
struct piece {
    int64_t at;
    struct packet *from; /* NULL: nobody, a hole */
    const uint8_t *bytes;
};

/* What one side of a stream said. Position 0 is the byte after the SYN. */
struct side {
    bool started, syn, fin, rst, tls, secret;
    uint32_t base;       /* sequence number of position 0 */
    int64_t next, acked; /* past all that was sent; that was acknowledged */
    struct piece *piece; /* pieces + 1 of them: the last is the end */
    size_t pieces, total, talked, heard; /* total: of bytes captured */
    uint8_t *flat, *talk; /* the bytes; the handshake messages in clear */
    const struct packet *differs;
};

struct stream {
    struct stream *next;
    struct packet *first, **last;
    size_t number;
    uint8_t proto, ip, end[2][18]; /* ends: client, server */
    struct side side[2];
    bool data_seen;
};

struct capture {
    int link;
    struct packet *first, **last;
    struct stream *streams, **last_stream;
    struct stream other; /* number 0: packets of no stream */
    void *tree;          /* the latest stream of each pair of ends */
    size_t packets, count;
    char broken[PCAP_ERRBUF_SIZE]; /* why it was not read to its end, or "" */
};

static const char *const side_name[] = { "client", "server" };

static void *allocate(size_t n)
{
    void *p = calloc(1, n > 0 ? n : 1);
    if (p == NULL)
        err(2, "out of memory");
    return p;
}

/* ---- Bytes ------------------------------------------------------------- */

static bool skip(struct bytes *b, size_t n)
{
    size_t have = n < b->n ? n : b->n;

    if (n > b->len)
        return false;
    b->at += have;
    b->n -= have;
    b->len -= n;
    return true;
}

/* The next n bytes; if they are not all there, nothing, now and later. */
static struct bytes take(struct bytes *b, size_t n)
{
    struct bytes part = { b->at, n, n };

    if (n > b->n)
        part.n = part.len = b->n = b->len = 0;
    skip(b, part.n);
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

static void shorten(struct bytes *b, size_t len)
{
    b->len = len;
    if (b->n > len)
        b->n = len;
}

/* ---- Link layer -------------------------------------------------------- */

/* Go past the link layer's header. Is it IP that follows? */
static bool link_layer(int link, struct bytes *b)
{
    uint32_t kind = 0x0800;

    switch (link) {
    case DLT_EN10MB:
        take(b, 12);
        while ((kind = number(b, 2)) == 0x8100 || kind == 0x88a8)
            take(b, 2); /* a VLAN tag */
        break;
    case DLT_LINUX_SLL:
        take(b, 14);
        kind = number(b, 2);
        break;
    case DLT_LINUX_SLL2:
        kind = number(b, 2);
        take(b, 18);
        break;
    case DLT_NULL:
    case DLT_LOOP:
        take(b, 4);
        break;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        break;
    default:
        return false;
    }
    return (kind == 0x0800 || kind == 0x86dd) && b->n > 0;
}

static bool link_known(int link)
{
    static uint8_t frame[64];
    struct bytes b = { frame, sizeof(frame), sizeof(frame) };

    frame[0] = frame[12] = frame[14] = 8; /* IPv4, wherever it is written */
    return link_layer(link, &b);
}

/* ---- IP ---------------------------------------------------------------- */

static bool ipv4(struct packet *p, struct bytes *b)
{
    if (b->n < 20)
        return false;

    const uint8_t *h = b->at;
    size_t header = (h[0] & 15) * 4u, total = h[2] << 8u | h[3];
    if (total == 0) /* the network card was to fill it in */
        total = b->len;
    if (header < 20 || total < header)
        return false;
    if ((h[6] & 0x3f) != 0 || h[7] != 0)
        p->notes |= FRAGMENT;
    memcpy(p->end[0], h + 12, 4);
    memcpy(p->end[1], h + 16, 4);
    p->ip = 4;
    p->proto = h[9];
    shorten(b, total);
    return skip(b, header);
}

static bool ipv6(struct packet *p, struct bytes *b)
{
    struct bytes h = take(b, 40);
    if (h.n < 40)
        return false;

    size_t total = h.at[4] << 8u | h.at[5];
    unsigned next = h.at[6];
    memcpy(p->end[0], h.at + 8, 16);
    memcpy(p->end[1], h.at + 24, 16);
    p->ip = 6;
    if (total > 0)
        shorten(b, total);
    /* Extension headers: hop-by-hop, routing, fragment, options, AH. */
    while (next == 0 || next == 43 || next == 44 || next == 60 || next == 51) {
        if (b->n < 8)
            return false;
        size_t size = next == 51 ? (b->at[1] + 2) * 4u : (b->at[1] + 1) * 8u;
        if (next == 44) {
            size = 8;
            if (b->at[2] != 0 || (b->at[3] & 0xf9) != 0)
                p->notes |= FRAGMENT;
        }
        next = b->at[0];
        if (!skip(b, size))
            return false;
    }
    p->proto = (uint8_t)next;
    return true;
}

/* ---- TCP and UDP ------------------------------------------------------- */

static bool tcp(struct packet *p, struct bytes *b)
{
    struct bytes h = *b;
    if (h.n < 20)
        return false;

    size_t header = (h.at[12] >> 4) * 4u;
    memcpy(p->end[0] + 16, h.at, 2);
    memcpy(p->end[1] + 16, h.at + 2, 2);
    p->flags = h.at[13] & 63;
    take(&h, 4);
    p->seq = number(&h, 4);
    p->ack = number(&h, 4);
    return header >= 20 && skip(b, header);
}

static bool udp(struct packet *p, struct bytes *b)
{
    if (b->n < 8)
        return false;

    size_t total = b->at[4] << 8u | b->at[5];
    memcpy(p->end[0] + 16, b->at, 2);
    memcpy(p->end[1] + 16, b->at + 2, 2);
    if (total == 0)
        total = b->len;
    if (total < 8)
        return false;
    shorten(b, total);
    return skip(b, 8);
}

/* Take the headers off. What is not TCP or UDP stays whole, as "other". */
static void dissect(int link, struct packet *p)
{
    struct bytes b = p->data;
    bool good = link_layer(link, &b);

    if (good) {
        unsigned version = b.at[0] >> 4;
        good = (version == 4 && ipv4(p, &b)) || (version == 6 && ipv6(p, &b));
    }
    good = good && (p->notes & FRAGMENT) == 0 &&
           ((p->proto == TCP && tcp(p, &b)) || (p->proto == UDP && udp(p, &b)));
    if (good)
        p->data = b;
    else
        p->proto = p->flags = 0;
    if (p->data.n < p->data.len)
        p->notes |= CUT;
}

/* ---- Streams ----------------------------------------------------------- */

/* The same pair of ends, either way round? */
static int stream_order(const void *left, const void *right)
{
    const struct stream *a = left, *b = right;
    int a_up = memcmp(a->end[0], a->end[1], 18) < 0;
    int b_up = memcmp(b->end[0], b->end[1], 18) < 0;

    if (a->proto != b->proto)
        return a->proto - b->proto;
    if (a->ip != b->ip)
        return a->ip - b->ip;
    int low = memcmp(a->end[!a_up], b->end[!b_up], 18);
    return low != 0 ? low : memcmp(a->end[a_up], b->end[b_up], 18);
}

static bool opens(const struct packet *p)
{
    return (p->flags & (SYN | ACK)) == SYN;
}

static unsigned sender(const struct stream *s, const struct packet *p)
{
    return memcmp(s->end[0], p->end[0], 18) != 0;
}

static struct stream *stream_of(struct capture *c, const struct packet *p)
{
    struct stream *s = allocate(sizeof(*s)), **known;
    unsigned client = (p->flags & (SYN | ACK)) == (SYN | ACK);

    s->proto = p->proto;
    s->ip = p->ip;
    memcpy(s->end[client], p->end[0], 18);
    memcpy(s->end[!client], p->end[1], 18);
    known = tsearch(s, &c->tree, stream_order);
    if (known == NULL)
        err(2, "out of memory");
    if (*known != s) {
        /* A SYN with a new number opens a new stream: the port is reused. */
        struct side *from = &(*known)->side[sender(*known, p)];
        if (!opens(p) || !from->started || from->base == p->seq + 1) {
            free(s);
            return *known;
        }
        *known = s;
    }
    s->number = ++c->count;
    s->last = &s->first;
    *c->last_stream = s;
    c->last_stream = &s->next;
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
        s->base = syn ? p->seq + 1 : p->seq;
    p->pos = position(s, p->seq + syn);

    int64_t past = p->pos + (int64_t)p->data.len + fin;
    if (!(p->flags & (SYN | FIN | RST)) && p->data.len < 2 && s->started &&
        p->pos == s->next - 1)
        p->notes |= ALIVE;
    else if (p->data.len > 0 && p->pos < s->next)
        p->notes |= LATE; /* reassemble() will see what it brings */
    else if ((syn && s->syn) || (fin && s->fin && past <= s->next))
        p->notes |= AGAIN;
    else if (s->started && p->pos > s->next)
        p->notes |= GAP;
    s->started = true;
    s->syn |= syn;
    s->fin |= fin;
    s->rst |= (p->flags & RST) != 0;
    if (past > s->next)
        s->next = past;
    if ((p->flags & ACK) && peer->started) {
        int64_t acked = position(peer, p->ack);
        if (acked > peer->acked)
            peer->acked = acked;
    }
}

static void add_packet(struct capture *c, const struct pcap_pkthdr *h,
                       const uint8_t *bytes)
{
    struct packet *p = allocate(sizeof(*p));

    p->number = ++c->packets;
    p->time = h->ts;
    p->frame = allocate(h->caplen);
    memcpy(p->frame, bytes, h->caplen);
    p->size = h->len > h->caplen ? h->len : h->caplen;
    p->data = (struct bytes){ p->frame, h->caplen, p->size };
    p->notes = h->caplen < p->size ? CUT : 0;
    p->last_record = &p->records;
    dissect(c->link, p);
    *c->last = p;
    c->last = &p->next;

    p->stream = p->proto == 0 ? &c->other : stream_of(c, p);
    *p->stream->last = p;
    p->stream->last = &p->next_in_stream;
    p->from = p->proto != 0 && sender(p->stream, p);
    if (p->proto == TCP)
        follow(&p->stream->side[p->from], &p->stream->side[!p->from], p);
}

/* ---- Reassembly -------------------------------------------------------- */

static int edge_order(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

/* The last piece that begins at pos or before. There is one. */
static size_t piece_at(const struct side *s, int64_t pos)
{
    size_t low = 0, high = s->pieces + 1;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->piece[middle].at <= pos)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static bool brings(const struct packet *p, unsigned from)
{
    return p->from == from && p->data.len > 0 && !(p->notes & ALIVE);
}

/* Where packets begin and end, there one piece ends and another begins. */
static void make_pieces(struct side *s, const struct packet *list,
                        unsigned from)
{
    size_t n = 2, m = 0;

    for (const struct packet *p = list; p != NULL; p = p->next_in_stream)
        n += brings(p, from) ? 2 : 0;
    struct piece *edge = allocate(n * sizeof(*edge));
    n = 0;
    for (const struct packet *p = list; p != NULL; p = p->next_in_stream)
        if (brings(p, from)) {
            edge[n++].at = p->pos;
            edge[n++].at = p->pos + (int64_t)p->data.n;
        }
    /* What was sent or acknowledged ends there, captured or not. */
    edge[n++].at = (s->next > s->acked ? s->next : s->acked) - s->fin;
    edge[n].at = s->syn ? 0 : edge[0].at;
    n++;
    qsort(edge, n, sizeof(*edge), edge_order);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || edge[i].at != edge[m - 1].at)
            edge[m++] = edge[i];
    s->piece = edge;
    s->pieces = m - 1;
}

/* Give each piece to the packet that brought it first. */
static void give_pieces(struct side *s, struct packet *p)
{
    int64_t end = p->pos + (int64_t)p->data.n;
    size_t fresh = 0;

    for (size_t i = piece_at(s, p->pos); s->piece[i].at < end; i++) {
        struct piece *q = &s->piece[i];
        const uint8_t *mine = p->data.at + (q->at - p->pos);
        size_t n = (size_t)(q[1].at - q->at);
        if (q->from == NULL) {
            q->from = p;
            q->bytes = mine;
            fresh += n;
        } else if (memcmp(q->bytes, mine, n) != 0) {
            p->notes |= DIFFERS;
            s->differs = p;
        }
    }
    if ((p->notes & LATE) && (fresh < p->data.n || p->data.n == 0))
        p->notes ^= LATE | AGAIN;
}

static void reassemble(struct stream *s, unsigned from)
{
    struct side *side = &s->side[from];
    size_t total = 0;

    make_pieces(side, s->first, from);
    for (struct packet *p = s->first; p != NULL; p = p->next_in_stream)
        if (brings(p, from))
            give_pieces(side, p);
    for (size_t i = 0; i < side->pieces; i++)
        if (side->piece[i].from != NULL)
            total += (size_t)(side->piece[i + 1].at - side->piece[i].at);
    side->flat = allocate(total);
    side->talk = allocate(total);
    total = 0;
    for (size_t i = 0; i < side->pieces; i++) {
        struct piece *q = &side->piece[i];
        size_t n = (size_t)(q[1].at - q->at);
        if (q->from == NULL)
            continue;
        memcpy(side->flat + total, q->bytes, n);
        q->bytes = side->flat + total;
        total += n;
    }
    side->total = total;
    /* A gap that a later packet filled was none. */
    for (struct packet *p = s->first; p != NULL; p = p->next_in_stream)
        if (p->from == from && (p->notes & GAP) &&
            side->piece[piece_at(side, p->pos - 1)].from != NULL)
            p->notes &= ~(unsigned)GAP;
}

/* The n bytes at pos: all of them in one row, or NULL. */
static const uint8_t *stretch(const struct side *s, int64_t pos, size_t n)
{
    size_t first = piece_at(s, pos), i = first;

    while (i < s->pieces && s->piece[i].from != NULL &&
           s->piece[i].at < pos + (int64_t)n)
        i++;
    if (s->piece[i].at < pos + (int64_t)n)
        return NULL;
    return s->piece[first].bytes + (pos - s->piece[first].at);
}

/* ---- TLS and DTLS records ---------------------------------------------- */

static const char *const record_name[] = {
    [CCS] = "ccs",   [ALERT] = "alert",         [HANDSHAKE] = "handshake",
    [DATA] = "data", [HEARTBEAT] = "heartbeat",
};

static const char *const message_name[256] = {
    [0] = "HelloRequest",        [1] = "ClientHello",
    [2] = "ServerHello",         [3] = "HelloVerifyRequest",
    [4] = "NewSessionTicket",    [5] = "EndOfEarlyData",
    [8] = "EncryptedExtensions", [11] = "Certificate",
    [12] = "ServerKeyExchange",  [13] = "CertificateRequest",
    [14] = "ServerHelloDone",    [15] = "CertificateVerify",
    [16] = "ClientKeyExchange",  [20] = "Finished",
    [22] = "CertificateStatus",  [24] = "KeyUpdate",
};

static const char *const alert_name[256] = {
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
    [120] = "no_application_protocol",
};

/* The server name that a ClientHello asks for; empty if there is none. */
static struct bytes server_name(struct bytes hello, bool dtls)
{
    take(&hello, 2 + 32);            /* version, random */
    take(&hello, number(&hello, 1)); /* session */
    if (dtls)
        take(&hello, number(&hello, 1)); /* cookie */
    take(&hello, number(&hello, 2));     /* cipher suites */
    take(&hello, number(&hello, 1));     /* compression */
    struct bytes all = take(&hello, number(&hello, 2));
    while (all.n > 0) {
        uint32_t kind = number(&all, 2);
        struct bytes one = take(&all, number(&all, 2));
        if (kind == 0 && one.n > 5 && one.at[2] == 0) {
            take(&one, 3);
            return take(&one, number(&one, 2));
        }
    }
    return (struct bytes){ 0 };
}

static void print_message(FILE *out, unsigned type, struct bytes body,
                          bool dtls)
{
    static const uint8_t retry[] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a };
    const char *name = message_name[type];

    if (type == 2 && body.n > 34 && !memcmp(body.at + 2, retry, sizeof(retry)))
        name = "HelloRetryRequest";
    fprintf(out, "%s%s", ftell(out) > 0 ? "+" : "", name ? name : "unknown");
    if (type != 1)
        return;
    struct bytes sni = server_name(body, dtls);
    for (size_t i = 0; i < sni.n; i++) {
        char ch = (char)sni.at[i];
        bool fine = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                    (ch >= '0' && ch <= '9') || ch == '-' || ch == '.' ||
                    ch == '_';
        fprintf(out, "%s%c", i == 0 ? ":" : "", fine ? ch : '?');
    }
}

/* Messages may span records: gather them, name those that end here. */
static void tls_messages(FILE *out, struct side *s, struct bytes body)
{
    bool hello = body.n > 4 && (body.at[0] == 1 || body.at[0] == 2) &&
                 body.at[1] == 0 &&
                 (body.at[2] << 8u | body.at[3]) + 4u == body.n;

    if (s->secret && !hello) { /* hellos stay readable after a retry */
        fputs("encrypted", out);
        return;
    }
    memcpy(s->talk + s->talked, body.at, body.n);
    s->talked += body.n;
    for (;;) {
        struct bytes all = { s->talk + s->heard, s->talked - s->heard, 0 };
        all.len = all.n;
        uint32_t type = number(&all, 1), len = number(&all, 3);
        if (s->talked - s->heard < 4 || all.n < len)
            break;
        print_message(out, type, take(&all, len), false);
        s->heard += 4 + len;
    }
    if (ftell(out) == 0)
        fputs("part", out);
}

/* In DTLS each message says for itself which part of it this is. */
static void dtls_messages(FILE *out, struct bytes body)
{
    while (body.n >= 12) {
        uint32_t type = number(&body, 1), len = number(&body, 3);
        take(&body, 2);
        uint32_t offset = number(&body, 3), size = number(&body, 3);
        struct bytes part = take(&body, size);
        if (part.n == size && offset + size == len)
            print_message(out, type, part, true);
    }
    if (ftell(out) == 0)
        fputs("part", out);
}

/* What can be read of a record. body.at is NULL if it was not captured. */
static char *describe(struct side *s, unsigned type, struct bytes body,
                      bool dtls)
{
    char *name = NULL;
    size_t size;
    FILE *out;

    if (type == CCS)
        s->secret = true;
    if (type != ALERT && type != HANDSHAKE)
        return NULL;
    if ((out = open_memstream(&name, &size)) == NULL)
        err(2, "out of memory");
    if (type == ALERT ? body.len != 2 : dtls && s->secret)
        fputs("encrypted", out);
    else if (body.at == NULL)
        fputs("cut", out);
    else if (type == HANDSHAKE && dtls)
        dtls_messages(out, body);
    else if (type == HANDSHAKE)
        tls_messages(out, s, body);
    else
        fprintf(out, "%s:%s", body.at[0] == 1 ? "warning" : "fatal",
                alert_name[body.at[1]] ? alert_name[body.at[1]] : "unknown");
    if (type == HANDSHAKE && body.at == NULL)
        s->talked = s->heard = 0;
    fclose(out);
    return name;
}

static void add_record(struct packet *p, unsigned type, size_t len, char *name)
{
    struct record *r = allocate(sizeof(*r));

    *r = (struct record){ .type = type, .len = len, .name = name };
    *p->last_record = r;
    p->last_record = &r->next;
    p->stream->side[p->from].tls = true;
}

static bool is_tls(const uint8_t *h)
{
    unsigned len = h[3] << 8u | h[4];

    return h[0] >= CCS && h[0] <= HEARTBEAT && h[1] == 3 && h[2] <= 4 &&
           len <= 16384 + 2048 && (len > 0 || h[0] == DATA);
}

/* After a hole, or without a beginning, try where each packet begins. */
static void tls_records(struct side *s)
{
    int64_t pos = s->piece[0].at, end = s->piece[s->pieces].at;

    while (pos < end) {
        const uint8_t *h = stretch(s, pos, 5);
        if (h == NULL || !is_tls(h)) {
            if (h != NULL && s->syn && pos == 0)
                return;
            pos = s->piece[piece_at(s, pos) + 1].at;
            continue;
        }
        size_t len = h[3] << 8u | h[4], last;
        struct bytes body = { stretch(s, pos + 5, len), len, len };
        if ((pos += 5 + (int64_t)len) > end)
            return;
        for (last = piece_at(s, pos - 1); s->piece[last].from == NULL;)
            last--;
        add_record(s->piece[last].from, h[0], len,
                   describe(s, h[0], body, false));
    }
}

static void dtls_records(struct packet *p)
{
    struct side *side = &p->stream->side[p->from];
    struct bytes b = p->data;

    while (b.n >= 13) {
        struct bytes h = take(&b, 13);
        unsigned type = h.at[0];
        size_t len = h.at[11] << 8u | h.at[12];
        if (type < CCS || type > HEARTBEAT || h.at[1] != 0xfe ||
            (h.at[2] != 0xff && h.at[2] != 0xfd) || len > b.len)
            return;
        struct bytes body = { b.n < len ? NULL : b.at, len, len };
        side->secret = h.at[3] != 0 || h.at[4] != 0; /* the epoch */
        add_record(p, type, len, describe(side, type, body, true));
        skip(&b, len);
    }
}

/* ---- The whole capture ------------------------------------------------- */

static void capture_read(struct capture *c, pcap_t *in)
{
    struct pcap_pkthdr *h;
    const uint8_t *bytes;
    int got;

    *c = (struct capture){ .link = pcap_datalink(in) };
    c->last = &c->first;
    c->last_stream = &c->streams;
    c->other.last = &c->other.first;
    while ((got = pcap_next_ex(in, &h, &bytes)) == 1)
        add_packet(c, h, bytes);
    if (got == PCAP_ERROR)
        snprintf(c->broken, sizeof(c->broken), "%s", pcap_geterr(in));
    for (struct stream *s = c->streams; s != NULL; s = s->next)
        if (s->proto == UDP) {
            for (struct packet *p = s->first; p; p = p->next_in_stream)
                dtls_records(p);
        } else
            for (unsigned from = 0; from < 2; from++) {
                reassemble(s, from);
                tls_records(&s->side[from]);
            }
}

static void keep(void *node)
{
    (void)node; /* streams are freed from their list */
}

static void capture_free(struct capture *c)
{
    tdestroy(c->tree, keep);
    for (struct stream *s = c->streams, *next; s != NULL; s = next) {
        next = s->next;
        for (unsigned from = 0; from < 2; from++) {
            free(s->side[from].piece);
            free(s->side[from].flat);
            free(s->side[from].talk);
        }
        free(s);
    }
    for (struct packet *p = c->first, *next; p != NULL; p = next) {
        next = p->next;
        for (struct record *r = p->records, *after; r != NULL; r = after) {
            after = r->next;
            free(r->name);
            free(r);
        }
        free(p->frame);
        free(p);
    }
}

/* Why this side of a stream may have said more than was captured, or NULL. */
static const char *missing(const struct stream *s, unsigned from)
{
    const struct side *me = &s->side[from], *peer = &s->side[!from];

    if (!me->syn)
        return from ? "its SYN ACK is missing" : "its SYN is missing";
    for (size_t i = 0; i < me->pieces; i++)
        if (me->piece[i].from == NULL)
            return "bytes that it sent are missing";
    if (me->differs)
        return "it sent different bytes for the same place";
    if (!me->fin && !me->rst && !peer->rst) /* a reset ends both sides */
        return "its end is missing: no FIN, no RST";
    return NULL;
}

/* Is there anything that we did not see? Then write down why. */
static bool incomplete(const struct capture *c, char why[WHY])
{
    if (c->broken[0] != '\0')
        return snprintf(why, WHY, "the file is broken: %s", c->broken);
    if (c->packets == 0)
        return snprintf(why, WHY, "no packets");
    for (const struct packet *p = c->first; p != NULL; p = p->next)
        if (p->notes & (CUT | FRAGMENT))
            return snprintf(why, WHY, "packet %zu is %s", p->number,
                            p->notes & CUT ? "cut" : "an IP fragment");
    if (c->streams == NULL)
        return snprintf(why, WHY, "no TCP or UDP packets");
    for (const struct stream *s = c->streams; s != NULL; s = s->next) {
        const struct side *me = s->side;
        bool refused = me[0].syn && me[1].rst && !me[1].syn && !me[0].next;
        for (unsigned from = 0; from < 2 && s->proto == TCP; from++)
            if (!refused && missing(s, from) != NULL)
                return snprintf(why, WHY, "stream %zu, the %s: %s", s->number,
                                side_name[from], missing(s, from));
    }
    return false;
}

/* ---- Command: lines ---------------------------------------------------- */

static double seconds(const struct capture *c, const struct packet *p)
{
    struct timeval zero = c->first->time, t = p->time;

    return (double)t.tv_sec - (double)zero.tv_sec +
           ((double)t.tv_usec - (double)zero.tv_usec) / 1e6;
}

/* The names of the bits that are set. */
static void print_bits(FILE *out, unsigned bits, const struct bit *all,
                       const char *between)
{
    const char *before = "";

    for (; all->name != NULL; all++)
        if (bits & all->bit) {
            fprintf(out, "%s%s", before, all->name);
            before = between;
        }
}

static int lines(struct capture *c, const char *text)
{
    (void)text;
    for (const struct packet *p = c->first; p != NULL; p = p->next) {
        const char *proto = p->proto == TCP ? "tcp" : "udp", *before = "";
        printf("%zu\t%.6f\t%s\t", p->number, seconds(c, p),
               p->proto ? proto : "other");
        if (p->proto)
            printf("%zu\t%c\t", p->stream->number, "><"[p->from]);
        else
            printf("-\t-\t");
        print_bits(stdout, p->flags, flag_bits, "+");
        if (p->proto == TCP)
            printf("%s\t%" PRId64, p->flags ? "" : "-",
                   p->pos + 1 - ((p->flags & SYN) != 0));
        else
            printf("-\t-");
        printf("\t%zu\t", p->proto ? p->data.len : 0);
        for (const struct record *r = p->records; r != NULL; r = r->next) {
            printf("%s%s/%zu", before, record_name[r->type], r->len);
            printf("%s%s", r->name ? "/" : "", r->name ? r->name : "");
            before = ",";
        }
        printf("%s\t", p->records ? "" : "-");
        print_bits(stdout, p->notes, note_bits, ",");
        puts(p->notes ? "" : "-");
    }
    return 0;
}

/* ---- Command: totals --------------------------------------------------- */

/* A record's header is 5 bytes long, 13 in DTLS. */
static size_t record_size(const struct packet *p, const struct record *r)
{
    return r->len + (p->proto == TCP ? 5 : 13);
}

static int totals(struct capture *c, const char *text)
{
    size_t bytes = 0, payload = 0, data = 0, handshake = 0;
    size_t sent[2] = { 0 }, records[2] = { 0 };
    char why[WHY];

    (void)text;
    for (const struct packet *p = c->first; p != NULL; p = p->next) {
        bytes += p->size;
        if (p->proto == 0)
            continue;
        payload += p->data.len;
        sent[p->from] += p->size;
        if (p->proto == UDP && !p->records)
            data += p->data.len;
        for (const struct record *r = p->records; r != NULL; r = r->next)
            if (r->type == DATA) {
                p->stream->data_seen = true;
                data += r->len;
                records[p->from]++;
            } else if (!p->stream->data_seen)
                handshake += record_size(p, r);
    }
    for (const struct stream *s = c->streams; s != NULL; s = s->next)
        for (unsigned from = 0; from < 2; from++)
            data += s->side[from].tls ? 0 : s->side[from].total;

    printf("packets %zu\nstreams %zu\n", c->packets, c->count);
    if (c->first)
        printf("start %lld.%06ld\n", (long long)c->first->time.tv_sec,
               (long)c->first->time.tv_usec);
    printf("bytes %zu\npayload %zu\ndata %zu\noverhead %zu\nhandshake %zu\n",
           bytes, payload, data, bytes - data, handshake);
    printf("client-bytes %zu\nserver-bytes %zu\n", sent[0], sent[1]);
    printf("records-client %zu\nrecords-server %zu\n", records[0], records[1]);
    if (incomplete(c, why))
        printf("complete no: %s\n", why);
    else
        printf("complete yes\n");
    return 0;
}

/* ---- Command: find ----------------------------------------------------- */

static void found(const struct stream *s, unsigned from, int64_t offset,
                  size_t first, size_t last)
{
    if (s->number == 0)
        printf("stream - - ");
    else
        printf("stream %zu %c ", s->number, "><"[from]);
    printf("offset %" PRId64 " packets %zu-%zu\n", offset, first, last);
}

/* Search n bytes, at position pos of this side or at the start of packet p. */
static size_t find_in(const struct stream *s, unsigned from,
                      const struct packet *p, const uint8_t *bytes, size_t n,
                      int64_t pos, const char *text)
{
    const struct side *side = &s->side[from];
    const uint8_t *at = bytes, *hit;
    size_t size = strlen(text), hits = 0;

    while ((hit = memmem(at, n - (size_t)(at - bytes), text, size)) != NULL) {
        size_t first = SIZE_MAX, last = 0;
        int64_t here = pos + (hit - bytes), end = here + (int64_t)size;
        if (p != NULL)
            first = last = p->number;
        else
            for (size_t i = piece_at(side, here); side->piece[i].at < end;
                 i++) {
                size_t k = side->piece[i].from->number;
                first = k < first ? k : first;
                last = k > last ? k : last;
            }
        found(s, from, p ? here : here - side->piece[0].at, first, last);
        at = hit + size;
        hits++;
    }
    return hits;
}

static size_t find_in_side(const struct stream *s, unsigned from,
                           const char *text)
{
    const struct side *side = &s->side[from];
    size_t hits = 0;

    for (size_t i = 0; i < side->pieces; i++) {
        size_t first = i;
        while (side->piece[i].from != NULL) /* the last one is always NULL */
            i++;
        if (i > first)
            hits += find_in(s, from, NULL, side->piece[first].bytes,
                            (size_t)(side->piece[i].at - side->piece[first].at),
                            side->piece[first].at, text);
    }
    return hits;
}

static size_t find_in_packets(const struct stream *s, const char *text)
{
    size_t hits = 0;

    for (const struct packet *p = s->first; p != NULL; p = p->next_in_stream)
        hits += find_in(s, p->from, p, p->data.at, p->data.n, 0, text);
    return hits;
}

static int find(struct capture *c, const char *text)
{
    size_t hits = find_in_packets(&c->other, text);
    char why[WHY];

    for (const struct stream *s = c->streams; s != NULL; s = s->next)
        if (s->proto == UDP)
            hits += find_in_packets(s, text);
        else
            hits += find_in_side(s, 0, text) + find_in_side(s, 1, text);
    if (hits > 0)
        return 0;
    if (!incomplete(c, why))
        return 1;
    warnx("cannot tell: not in what was captured, but %s", why);
    return 3;
}

/* ---- Command: ladder --------------------------------------------------- */

/* Some encrypted records in a row: their lengths are all that can be seen. */
static const struct record *print_data(FILE *out, const struct record *r)
{
    const struct record *first = r;
    size_t count = 0, total = 0;

    for (; r != NULL && r->type == DATA; r = r->next) {
        total += r->len;
        count++;
    }
    if (count > 6) {
        fprintf(out, "%zu encrypted records, %zu bytes", count, total);
        return r;
    }
    fprintf(out, count == 1 ? "encrypted record of " : "encrypted records of ");
    for (const struct record *i = first; i != r; i = i->next)
        fprintf(out, "%s%zu", i == first ? "" : "+", i->len);
    fprintf(out, " bytes");
    return r;
}

static void print_records(FILE *out, const struct record *r)
{
    while (r != NULL) {
        if (r->type == DATA) {
            r = print_data(out, r);
        } else {
            bool secret = r->name && strcmp(r->name, "encrypted") == 0;
            if (r->type == CCS)
                fputs("ChangeCipherSpec", out);
            else if (r->type == HEARTBEAT || secret)
                fprintf(out, "%s%s of %zu bytes", secret ? "encrypted " : "",
                        record_name[r->type], r->len);
            else if (r->type == ALERT)
                fputs("alert ", out);
            for (const char *s = secret || !r->name ? "" : r->name; *s; s++)
                if (*s == '+')
                    fputs(", ", out);
                else if (*s == ':')
                    fputs(r->type == ALERT ? " " : ", SNI ", out);
                else
                    fputc(*s, out);
            r = r->next;
        }
        fputs(r != NULL ? ", " : "", out);
    }
}

/* What a packet says, in words. The caller frees it. */
static char *say(const struct packet *p)
{
    char *words = NULL;
    size_t size;
    FILE *out = open_memstream(&words, &size);

    if (out == NULL)
        err(2, "out of memory");
    if (p->proto == TCP && (!p->records || (p->flags & (SYN | FIN | RST))))
        print_bits(out, p->flags, flag_bits, " ");
    if (p->proto == 0)
        fputs(p->notes & FRAGMENT ? "IP fragment" : "neither TCP nor UDP", out);
    if (p->records != NULL || p->data.len > 0 || p->proto == UDP)
        fputs(ftell(out) > 0 ? ", " : "", out);
    if (p->records != NULL)
        print_records(out, p->records);
    else if (p->data.len > 0 || p->proto == UDP)
        fprintf(out, "%zu bytes%s", p->data.len,
                p->stream->side[p->from].tls ? " of a record" : "");
    if (p->notes & ~(unsigned)FRAGMENT) {
        fputs(" [", out);
        print_bits(out, p->notes & ~(unsigned)FRAGMENT, note_bits, ", ");
        fputs("]", out);
    }
    fclose(out);
    return words;
}

/* How many letters of the words fit into a line. */
static int fit(const char *words, int width)
{
    int n = 0;

    for (int i = 0; i <= width; i++) {
        if (words[i] == '\0')
            return i;
        if (words[i] == ' ')
            n = i;
    }
    return n > 0 ? n : width;
}

static void rung(const struct capture *c, const struct packet *p, int width)
{
    char *all = say(p), *words = all;

    printf("%7zu %8.1f ms  ", p->number, seconds(c, p) * 1000);
    for (bool first = true; first || *words; first = false) {
        int n = fit(words, p->from ? 36 : width);
        if (!first)
            printf("%20s", "");
        if (p->proto == 0)
            printf("%.*s\n", n, words);
        else if (p->from == 0)
            printf("%-*.*s%s\n", first ? width : 0, n, words,
                   first ? "  ------->" : "");
        else
            printf("%*s  %-8s  %.*s\n", width, "", first ? "<-------" : "", n,
                   words);
        words += n;
        while (*words == ' ')
            words++;
    }
    free(all);
}

static void draw(const struct capture *c, const struct stream *s)
{
    int width = s->side[0].tls || s->side[1].tls ? 34 : 20;
    char end[2][INET6_ADDRSTRLEN];

    if (s->number == 0)
        printf("packets of no stream\n");
    if (s->number != 0 && c->count > 1) {
        for (int i = 0; i < 2; i++)
            inet_ntop(s->ip == 4 ? AF_INET : AF_INET6, s->end[i], end[i],
                      sizeof(end[i]));
        printf("stream %zu, %s: client %s port %d, server %s port %d\n",
               s->number, s->proto == TCP ? "TCP" : "UDP", end[0],
               s->end[0][16] << 8 | s->end[0][17], end[1],
               s->end[1][16] << 8 | s->end[1][17]);
    }
    if (s->number != 0)
        printf("%20s%-*s            server\n", "", width, "client");
    for (const struct packet *p = s->first; p != NULL; p = p->next_in_stream)
        rung(c, p, width);
}

static int ladder(struct capture *c, const char *text)
{
    (void)text;
    if (c->packets == 0)
        printf("no packets\n");
    for (const struct stream *s = c->streams; s != NULL; s = s->next) {
        draw(c, s);
        if (s->next != NULL)
            printf("\n");
    }
    if (c->other.first != NULL)
        draw(c, &c->other);
    return 0;
}

/* ---- The program ------------------------------------------------------- */

static const struct command {
    const char *name;
    int args;
    int (*run)(struct capture *c, const char *text);
} commands[] = {
    { "ladder", 3, ladder },
    { "find", 4, find },
    { "totals", 3, totals },
    { "lines", 3, lines },
};

static int usage(void)
{
    fprintf(stderr, "usage: wire ladder FILE      the packets, drawn\n"
                    "       wire find FILE TEXT   where TEXT is in it\n"
                    "       wire totals FILE      what it adds up to\n"
                    "       wire lines FILE       a line a packet\n");
    return 2;
}

/* 0 done, or found; 1 not in it; 2 used wrongly, unreadable; 3 not all seen. */
static int answer(const struct command *command, char *argv[])
{
    char why[PCAP_ERRBUF_SIZE];
    struct capture c;

    pcap_t *in = pcap_open_offline(argv[2], why);
    if (in == NULL)
        errx(2, "%s: not a readable capture: %s", argv[2], why);
    if (!link_known(pcap_datalink(in)))
        errx(2, "%s: captured on a kind of link that wire does not know: %s",
             argv[2], pcap_datalink_val_to_name(pcap_datalink(in)));
    capture_read(&c, in);
    pcap_close(in);
    int status = command->run(&c, argv[3]);
    if (fflush(stdout) == EOF)
        err(2, "standard output");
    if (c.broken[0] != '\0') {
        warnx("%s: %s", argv[2], c.broken);
        if (command->run != find)
            status = 3;
    }
    capture_free(&c);
    return status;
}

int main(int argc, char *argv[])
{
    size_t n = sizeof(commands) / sizeof(*commands);

    for (const struct command *i = commands; i < commands + n; i++)
        if (argc == i->args && strcmp(argv[1], i->name) == 0 &&
            (argc == 3 || argv[3][0] != '\0'))
            return answer(i, argv);
    return usage();
}
