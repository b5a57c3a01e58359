#!/usr/bin/env bash
# Lab 1's programs against netcat, which knows nothing of them.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 4
message="hello $(random)"

tell <<<'
  our server, and nc as its client'
serve server "$bin/server" localhost "$PORT"
types "nc -N localhost $port" "$message"
telling .
holds 'nc got back what it sent' got_back "$message"
stop server

tell <<<'
  our client, and nc as its server; a pipe sends back what it prints'
mkfifo "$scratch/pipe"
stranger nc 'istening on' \
    "nc -N -v -l 127.0.0.1 $PORT <$scratch/pipe | tee $scratch/pipe"
types "$bin/client 127.0.0.1 $port" "$message"
telling .
holds 'our client got back what it sent' got_back "$message"
ends nc
holds 'nc heard it say goodbye, and ended' test "$ended" = 0

tell <<<'
  nobody listens there any more'
types "$bin/client 127.0.0.1 $port"
telling .
holds 'our client says why it cannot connect' refused 'Connection refused'
