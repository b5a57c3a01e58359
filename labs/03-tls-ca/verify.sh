#!/usr/bin/env bash
# Lab 3's programs against openssl s_client and s_server: first what is wrong,
# then what is right.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 9
message="hello $(random)"
certificates
insist='-verify_return_error -verify_hostname'
tells='^verify error|^depth=|^Verification|^hello|error:.*alert'

tell <<<'
  s_client without a CA: it cannot know who signed (errors 20 and 21), says so,
  and goes on all the same'
serve server "$bin/server" localhost "$PORT" "$ca/server.pem" "$ca/server.key"
types "openssl s_client -connect localhost:$port -nocommands" "$message"
telling "$tells"
holds 'verify errors 20 or 21, and yet the message came back' \
    grep -aqF "$message" "$scratch/out"
holds 'it names the error: unable to get local issuer certificate' \
    grep -qE 'verify error:num=(20|21):' "$scratch/err"

tell <<<'
  with the CA, but another name: the chain is good, the name is not (error 62)'
types "openssl s_client -connect localhost:$port -CAfile $ca/ca.pem \
$insist bank.example"
telling "$tells"
holds 'verify error 62: hostname mismatch' \
    grep -q 'verify error:num=62:' "$scratch/err"
holds 'it refuses, and our server hears why' said server 'alert bad certificate'

tell <<<'
  with the CA and the right name'
types "openssl s_client -connect localhost:$port -CAfile $ca/ca.pem \
$insist localhost -nocommands" "$message"
telling "$tells"
holds 'Verification: OK' grep -q '^Verification: OK' "$scratch/out"
holds 's_client got back what it sent' grep -aqF "$message" "$scratch/out"
stop server

tell <<<'
  our client, and s_server with the right certificate and its chain'
sed '1,/END CERTIFICATE/d' "$ca/server.pem" >"$scratch/chain.pem"
s_server="openssl s_server -rev -naccept 1 -accept 127.0.0.1:$PORT \
-cert $ca/server.pem -key $ca/server.key"
stranger server ACCEPT "$s_server -cert_chain $scratch/chain.pem"
types "$bin/client localhost $port $ca/ca.pem" "$message" "$(reverse "$message")"
telling .
holds 'our client got the line back, in reverse' got_back "$(reverse "$message")"
ends server

tell <<<'
  the same without the chain: who signed the intermediate?'
stranger server ACCEPT "$s_server"
types "$bin/client localhost $port $ca/ca.pem"
telling .
holds 'our client refuses: unable to get local issuer certificate' \
    refused 'not localhost: unable to get local issuer certificate'
holds 's_server heard why' said server 'alert unknown ca'
