#!/usr/bin/env bash
# Lab 4: the server, too, asks who is there. Known clients may echo, only one
# of them may do more, and everybody else is refused.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

certificates
mapfile -t zoo < <(awk -F '\t' '$2 == "client"' ca/zoo.tsv)
plan $((12 + 2 * ${#zoo[@]}))
message="pay 100 to Charlie, reference $(random)"

open_server() {
    serve server "$bin/server" localhost "$PORT" "$ca/server.pem" "$ca/server.key" \
        "$ca/ca.pem" "$ca/crl.pem"
}

# client NAME [HOW]: our client, with this certificate.
client() {
    forget server
    run "${@:2}" "$bin/client" localhost "$port" "$ca/ca.pem" \
        "$ca/$1.pem" "$ca/$1.key"
}

# refused_at PLACE ALERT WHY: the client met this alert there, and the server's
# log says why.
refused_at() { refused "client: $1: $2" && said server "handshake: $3"; }

open_server
watch "tcp port $port"
client client <<<"$message"
settled server
stop server
unwatch
show_run client "$message"
show_packets
tell <<<''
holds 'a known client is served: the message came back' got_back "$message"
holds 'the server knows who it was: /CN=client' said server 'is /CN=client'
on_wire 'the packets show a TLS handshake, then data both ways' met
on_wire 'the message is in none of them' hidden "$message"
on_wire "nor is the CA that vouches for the client: TLS 1.3 encrypts that" \
    hidden "wirelab"

tell <<<"
  Without a certificate. Lab 3's client has none to show."
open_server
forget server
run build/03-tls-ca/client localhost "$port" "$ca/ca.pem" <<<"$message"
holds 'in TLS 1.3 the client learns it only when it reads' \
    refused_at read 'tlsv13 alert certificate required' 'peer did not return a certificate'
forget server
run "${tls12[@]}" build/03-tls-ca/client localhost "$port" "$ca/ca.pem" <<<"$message"
holds 'in TLS 1.2 its handshake fails' \
    refused_at handshake '*alert handshake failure' 'peer did not return a certificate'

tell <<<"
  With a certificate that breaks a rule:"
for animal in "${zoo[@]}"; do
    IFS=$'\t' read -r name _ _ _ why alert _ <<<"$animal"
    client "$name" <<<"$message"
    holds "$name: $why" refused_at read "*alert ${alert//_/ }" "$why"
    client "$name" "${tls12[@]}" <<<"$message"
    holds "$name: in TLS 1.2 its handshake fails" \
        refused_at handshake "*alert ${alert//_/ }" "$why"
done

tell <<<"
  To be known is not to be allowed everything. Two send the line shutdown:"
client client <<<shutdown
holds 'client may not: the server hangs up' refused 'the server hung up'
holds 'and says why' said server 'shutdown is not for you'
client client <<<"$message"
holds 'but goes on to serve it' got_back "$message"
client admin <<<shutdown
holds 'admin may: it gets its answer' got_back shutdown
ends server
holds 'and the server ends, with status 0' test "$ended" = 0
