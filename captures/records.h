/*
 * The eye, part two: TLS and DTLS records, and what can be read of them.
 */
#include <ctype.h>
#include <stdio.h>

/* ---- Records ----------------------------------------------------------- */

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

/* ---- Names ------------------------------------------------------------- */

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
    /* RFC 8446 4.1.3: a ServerHello with this random is another message. */
    static const uint8_t retry[] = { 0xcf, 0x21, 0xad, 0x74,
                                     0xe5, 0x9a, 0x61, 0x11 };

    while (all.n >= 4) {
        uint8_t type = (uint8_t)number(&all, 1);
        struct bytes body = take(&all, number(&all, 3)), name = { 0 };
        bool again = type == 2 && body.n > 34 && !memcmp(body.at + 2, retry, 8);
        fputs(again ? "HelloRetryRequest" : name_of(message_names, type), out);
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
