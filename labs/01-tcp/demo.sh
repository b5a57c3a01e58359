#!/usr/bin/env bash
# Lab 1: a message travels over TCP, and we read it on the way.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 8
message="the secret is $(random)"

serve server "$bin/server" localhost "$PORT"
watch "tcp port $port"
run "$bin/client" localhost "$port" <<<"$message"
settled server
stop server
unwatch
show_run client "$message"
show_packets

there=$(carrier '>' "$message") back=$(carrier '<' "$message")
if [[ -n $there ]]; then
    tell <<<"
  packet $there, as tcpdump -nnX prints it:"
    hexdump "$there" | tell
fi
tell <<<''

holds 'the client got back what it sent' got_back "$message"
on_wire 'three packets open the connection: SYN, SYN ACK, ACK' opened
on_wire "the message can be read on its way there: packet ${there:-?}" \
    test -n "$there"
on_wire "the message can be read on its way back: packet ${back:-?}" test -n "$back"
on_wire 'tcpdump, a stranger to us, reads it as well' in_hexdump "$message"
intact() { [[ -n $there && -n $back ]] && none 'notes != "-"'; }
on_wire 'nothing was lost and nothing sent twice' intact
on_wire 'each side said FIN' finished
holds 'SIGTERM ended the server, with status 0' test "$ended" = 0
