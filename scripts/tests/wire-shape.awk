# wire-shape.awk - what wire and tshark say of a capture, in the same words:
# packet, stream, flags, sequence number, payload, record types (sorted) and
# lengths, handshake messages, server name. -v from=wire or from=tshark.

BEGIN {
    FS = "\t"
    split("handshake 22 alert 21 ccs 20 data 23 heartbeat 24", w, " ")
    for (i = 1; i in w; i += 2)
        type[w[i]] = w[i + 1]
    split("1 ClientHello 2 ServerHello 3 HelloVerifyRequest " \
          "4 NewSessionTicket 11 Certificate 12 ServerKeyExchange " \
          "13 CertificateRequest 14 ServerHelloDone 16 ClientKeyExchange", w, " ")
    for (i = 1; i in w; i += 2)
        number[w[i + 1]] = w[i]
    number["HelloRetryRequest"] = 2
}

# Streams are numbered in the order in which they come, whatever they are.
function stream(key)
{
    if (key != "" && !(key in seen))
        seen[key] = ++streams
    return key == "" ? "-" : seen[key]
}

function sorted(list,    n, part, i, t, all)
{
    n = split(list, part, ",")
    for (t = 20; t <= 24; t++)
        for (i = 1; i <= n; i++)
            if (part[i] == t)
                all = all t ","
    return all
}

function show(types, lens, messages, sni)
{
    print packet, stream(key), flags, seq, size, sorted(types), lens, messages, sni
}

from == "wire" {
    types = lens = messages = sni = ""
    packet = $1
    key = $3 == "other" ? "" : $3 $4
    flags = $6
    seq = $7
    size = $8
    n = $9 == "-" ? 0 : split($9, record, ",")
    for (i = 1; i <= n; i++) {
        split(record[i], part, "/")
        types = types type[part[1]] ","
        lens = lens part[2] ","
        m = part[1] == "handshake" ? split(part[3], name, "+") : 0
        for (j = 1; j <= m; j++) {
            if (split(name[j], word, ":") == 2)
                sni = sni word[2] ","
            if (word[1] != "encrypted" && word[1] != "part")
                messages = messages number[word[1]] ","
        }
    }
    show(types, lens, messages, sni)
}

# Of DTLS messages that come in parts, the last part counts.
function ended(types, offsets, sizes, lens,    n, i, t, o, s, l, all)
{
    n = split(types, t, ",")
    split(offsets, o, ",")
    split(sizes, s, ",")
    split(lens, l, ",")
    for (i = 1; i <= n; i++)
        if (o[i] + s[i] == l[i])
            all = all t[i] ","
    return all
}

# number, tcp.stream, udp.stream, flags, seq, tcp.len, udp.length, then of TLS
# and of DTLS: types, (hidden types), lengths, messages, name; message parts
from == "tshark" {
    # An ICMP error quotes the datagram that nobody wanted; that is not one.
    if ($20 != "" || $21 != "")
        for (i = 2; i <= 19; i++)
            $i = ""
    packet = $1
    key = $2 != "" ? "tcp" $2 : $3 != "" ? "udp" $3 : ""
    flags = ""
    split("S SYN F FIN R RST P PSH A ACK U URG", w, " ")
    for (i = 1; i in w; i += 2)
        if (index($4, w[i]))
            flags = flags (flags == "" ? "" : "+") w[i + 1]
    if (flags == "")
        flags = "-"
    seq = $5 == "" ? "-" : $5
    size = $6 != "" ? $6 : $7 != "" ? $7 - 8 : 0
    if ($8 $9 $10 != "")
        show($8 "," $9, $10 ",", $11 == "" ? "" : $11 ",", $12 == "" ? "" : $12 ",")
    else
        show($13, $14 == "" ? "" : $14 ",", ended($15, $17, $18, $19), $16 == "" ? "" : $16 ",")
}
