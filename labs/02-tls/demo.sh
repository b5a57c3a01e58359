#!/usr/bin/env bash
# Lab 2: the same message over TLS: nobody can read it, but with whom do we
# talk? Then Mallory stands in the middle.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 10
message="pay 100 to Charlie, reference $(random)"
changed=${message/Charlie/Mallory}
certificates

serve server "$bin/server" localhost "$PORT" "$ca/self-signed.pem" "$ca/self-signed.key"
watch "tcp port $port"
run "$bin/client" localhost "$port" <<<"$message"
unwatch
show_run client "$message"
show_packets
tell <<<''

holds 'the client got back what it sent' got_back "$message"
holds 'it says that it does not know with whom it talked' \
    grep -q 'not verified' "$scratch/err"
on_wire 'the packets show a TLS handshake, then data both ways' met
on_wire 'the message is in none of them' hidden "$message" Charlie
on_wire 'each side said FIN' finished

tell <<<"
  Now Mallory listens where the client connects, with a certificate that she
  made herself. The client does not ask, so it does not notice."
real=$port
[[ $PORT == 0 ]] || PORT=4434
serve mallory "$bin/mallory" localhost "$PORT" \
    "$ca/impostor.pem" "$ca/impostor.key" localhost "$real"
pcap=captures/run/$LAB-mallory.pcap
watch "tcp port $port or tcp port $real"
run "$bin/client" localhost "$port" <<<"$message"
stop mallory
settled server
stop server
unwatch
show_run client "$message"
tell <<<"  mallory  read     $(head -n 1 "$scratch/mallory.out")"
tell <<<''

holds 'the client ends well: it has noticed nothing' test "$status" = 0
holds 'Mallory has read the message' grep -qF "> $message" "$scratch/mallory.out"
holds 'Mallory has changed it: the server heard another name' got_back "$changed"
both_hidden() { all_met 2 && hidden "$message" "$changed"; }
on_wire 'neither of her connections shows a word of it: TLS is not broken' both_hidden
holds 'SIGTERM ended the server, with status 0' test "$ended" = 0
