#!/usr/bin/env bash
# Lab 3: the client knows a CA and insists on a name. The right server is
# accepted; Mallory and every animal of the zoo are refused.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

certificates
mapfile -t zoo < <(awk -F '\t' '$2 == "server" && $7 != "crl"' ca/zoo.tsv)
plan $((15 + 2 * ${#zoo[@]}))
message="pay 100 to Charlie, reference $(random)"
issuer='wirelab intermediate CA'       # stands in the server's certificate

# open_server NAME HOST: our server, with this certificate. A key that is too weak
# is not even loaded, unless an OpenSSL configuration allows it.
open_server() {
    local env=()
    [[ $1 != weak-key ]] || env=(env OPENSSL_CONF=labs/common/weak.cnf)
    serve server "${env[@]}" "$bin/server" "$2" "$PORT" "$ca/$1.pem" "$ca/$1.key"
}

# visit NAME HOST [HOW]: that server, our client, and a capture.
visit() {
    open_server "$1" "$2"
    watch "tcp port $port"
    run "${@:3}" "$bin/client" "$2" "$port" "$ca/ca.pem" <<<"$message"
    settled server
    stop server
    unwatch
}

# refused_for WHY ALERT: our client said why, and the server was told.
refused_for() {
    refused "not localhost: $1" && said server "alert ${2//_/ }"
}

# only_alert ALERT: that alert, in clear, and not one byte of data before it.
only_alert() {
    some "way == \">\" && records ~ /fatal:$1/" && none 'records ~ /data/'
}

visit server localhost
show_run client "$message"
show_packets
tell <<<''
holds 'the right server is accepted: the message came back' got_back "$message"
on_wire 'the packets show a TLS handshake, then data both ways' met
on_wire 'the message is in none of them' hidden "$message"
on_wire 'an onlooker still sees the name that was asked for: localhost' \
    some 'records ~ /ClientHello:localhost/'
on_wire 'and how long the message is: its record is 17 bytes longer' \
    some "way == \">\" && records ~ /data\\/$((${#message} + 18))(,|\$)/"
on_wire 'but not the certificate: TLS 1.3 encrypts it' hidden "$issuer"

tell <<<"
  The same programs, told by an OpenSSL configuration to use TLS 1.2:"
pcap=captures/run/$LAB-tls12.pcap
visit server localhost "${tls12[@]}"
holds 'the right server is accepted' got_back "$message"
on_wire 'the message is in no packet' hidden "$message"
on_wire 'but everybody can read the certificate' wire find "$issuer"

tell <<<"
  The server is asked for by its address:"
pcap=captures/run/$LAB-address.pcap
visit server 127.0.0.1
holds 'the address, too, is in its certificate' got_back "$message"
no_name() { met && none 'records ~ /ClientHello:/'; }
on_wire 'an address is not sent as a name' no_name

tell <<<"
  Mallory again, who could read everything in lab 2:"
serve server "$bin/server" localhost "$PORT" "$ca/server.pem" "$ca/server.key"
real=$port
[[ $PORT == 0 ]] || PORT=4434
serve mallory build/02-tls/mallory localhost "$PORT" \
    "$ca/impostor.pem" "$ca/impostor.key" localhost "$real"
run "$bin/client" localhost "$port" "$ca/ca.pem" <<<"$message"
stop mallory
stop server
holds 'the client refuses her' refused 'not localhost: unable to get local issuer'
holds 'she has read nothing' test ! -s "$scratch/mallory.out"

tell <<<"
  The zoo: certificates that each break one rule. In TLS 1.3 the client's alert
  is encrypted, so what the server heard is taken from its log; in TLS 1.2 the
  alert is read on the wire."
pcap=captures/run/$LAB-zoo.pcap
for animal in "${zoo[@]}"; do
    IFS=$'\t' read -r name _ _ _ why alert _ <<<"$animal"
    {
        open_server "$name" localhost
        run "$bin/client" localhost "$port" "$ca/ca.pem" <<<"$message"
        settled server
        stop server
    } >"$scratch/quiet"
    holds "$name: $why" refused_for "$why" "$alert"
    visit "$name" localhost "${tls12[@]}" >"$scratch/quiet"
    on_wire "$name: alert $alert, and not a byte of data" only_alert "$alert"
done

visit revoked localhost >"$scratch/quiet"
holds 'revoked is accepted: this client knows no CRL; lab 4 does' \
    got_back "$message"
on_wire 'after a handshake like any other' met
