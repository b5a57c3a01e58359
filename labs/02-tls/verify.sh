#!/usr/bin/env bash
# Lab 2's programs against openssl s_client and s_server.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 6
message="hello $(random)"
certificates

tell <<<'
  our server, and s_client. It says that nobody vouches for the certificate
  (error 18), and goes on all the same: so does our client in this lab.'
serve server "$bin/server" localhost "$PORT" "$ca/self-signed.pem" "$ca/self-signed.key"
types "openssl s_client -connect localhost:$port -nocommands" "$message"
telling "^verify error|^Verification|^New, |^hello"
holds 's_client got back what it sent' grep -aqF "$message" "$scratch/out"
holds 'it met verify error 18: self-signed certificate' \
    grep -q 'verify error:num=18:' "$scratch/err"

tell <<<'
  told to insist, s_client refuses'
types "openssl s_client -connect localhost:$port -verify_return_error"
telling "^verify error|alert|^Verification"
holds 'it ends with an error' test "$status" = 1
holds 'and our server hears why' said server 'alert unknown ca'
stop server

tell <<<'
  our client, and s_server, which sends back each line in reverse'
stranger s_server ACCEPT "openssl s_server -rev -naccept 1 -accept 127.0.0.1:$PORT \
-cert $ca/self-signed.pem -key $ca/self-signed.key"
types "$bin/client 127.0.0.1 $port" "$message" "$(reverse "$message")"
telling .
holds 'our client got the line back, in reverse' got_back "$(reverse "$message")"
ends s_server
holds 's_server is content' test "$ended" = 0
