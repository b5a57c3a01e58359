#!/usr/bin/env bash
# The same message in lab 1 and in lab 3, as an onlooker sees it: make compare.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 6
message="pay 100 to Charlie, reference $(random)"
issuer='wirelab intermediate CA'
certificates

# exchange LAB SERVER_ARGUMENT... -- CLIENT_ARGUMENT...: one message, captured.
exchange() {
    local lab=$1 given=(); shift
    while [[ $1 != -- ]]; do given+=("$1"); shift; done
    pcap=captures/run/compare-$lab.pcap
    serve server "build/$lab/server" localhost "$PORT" "${given[@]}"
    watch "tcp port $port"
    run "build/$lab/client" localhost "$port" "${@:2}" <<<"$message"
    settled server
    stop server
    unwatch
}

# total KEY: one figure of the capture. seen COMMAND...: may it be read?
total() { wire totals | awk -v key="$1" '$1 == key { print $2 }'; }
seen() { if "$@" >/dev/null 2>&1; then echo readable; else echo hidden; fi; }

# figures: a column of the table, as far as both labs have it.
figures() {
    local bytes data=$((2 * (${#message} + 1)))
    bytes=$(total bytes)
    printf '%s\n' "$(total packets)" "$bytes" "$data" "$((bytes - data))"
    seen wire find "$message"
}

exchange 01-tcp --
tell <<<''
holds 'lab 1: the message came back' got_back "$message"
on_wire 'lab 1: everybody on the way can read it' wire find "$message"
if [[ $LAB_NET != none ]]; then
    tell <<<"
  the message on the wire, as tcpdump -nnX prints it:"
    hexdump "$(carrier '>' "$message")" | tell
    tell <<<''
    plain=$(figures)
fi

exchange 03-tls-ca "$ca/server.pem" "$ca/server.key" -- "$ca/ca.pem"
tell <<<''
holds 'lab 3: the message came back' got_back "$message"
on_wire 'lab 3: nobody can read it' hidden "$message"
on_wire 'lab 3: nobody can read the certificate' hidden "$issuer"
on_wire 'lab 3: its length is no secret: what is in the record is 17 bytes longer' \
    some "way == \">\" && records ~ /data\\/$((${#message} + 18))(,|\$)/"
if [[ $LAB_NET != none ]]; then
    tell <<<"
  the same message on the wire: 5 bytes of header, $((${#message} + 18)) in the record:"
    hexdump "$(like "way == \">\" && records ~ /data\\/$((${#message} + 18))/ \
        { print \$1; exit }" | head -n 1)" | tell
    name=$(seen some 'records ~ /ClientHello:localhost/')
    paste <(printf '%s\n' packets 'bytes on the wire' 'the message, twice' \
        'bytes around it' 'the message' 'its length' 'the certificate' 'the name asked for') \
        <(printf '%s\n' "$plain" readable 'there is none' 'there is none') \
        <(figures; echo readable; seen wire find "$issuer"; echo "$name") |
        awk -F '\t' 'BEGIN { printf "\n  %-20s%14s%14s\n", "an onlooker sees", "lab 1, TCP", "lab 3, TLS" }
            { printf "  %-20s%14s%14s\n", $1, $2, $3 }' | tell
fi
