#!/usr/bin/env bash
# Lab 4's programs against openssl s_client and s_server.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 10
message="hello $(random)"
certificates
tells='^verify|^Verif|^hello|^Reused|^New, |alert [a-z]|Acceptable client|^CN = wire'

tell <<<'
  our server, and s_client with the certificate of client'
serve server "$bin/server" localhost "$PORT" "$ca/server.pem" "$ca/server.key" \
    "$ca/ca.pem" "$ca/crl.pem"
sed '1,/END CERTIFICATE/d' "$ca/client.pem" >"$scratch/chain.pem"
connect="openssl s_client -connect localhost:$port -CAfile $ca/ca.pem \
-verify_return_error -verify_hostname localhost -nocommands"
known="-cert $ca/client.pem -key $ca/client.key -cert_chain $scratch/chain.pem"
types "$connect $known -sess_out $scratch/session" "$message"
telling "$tells"
holds 's_client got back what it sent' grep -aqF "$message" "$scratch/out"
holds 'our server knows who it was' said server 'is /CN=client'

tell <<<'
  the same session once more: no certificate crosses the wire, but it is known'
: >"$scratch/server.log"
types "$connect $known -sess_in $scratch/session" "$message"
telling "$tells"
holds 'the session was resumed' grep -q '^Reused' "$scratch/out"
holds 'and our server still knows who it is' said server 'is /CN=client'

tell <<<'
  without a certificate'
types "$connect" "$message"
telling "$tells"
holds 's_client is refused: certificate required' \
    grep -q 'alert certificate required' "$scratch/err"
holds 'our server says why' said server 'peer did not return a certificate'

tell <<<'
  with one that was taken back'
types "$connect ${known//client./client-revoked.}" "$message"
telling "$tells"
holds 's_client is refused: certificate revoked' \
    grep -q 'alert certificate revoked' "$scratch/err"
holds 'our server says why' said server 'certificate revoked'
stop server

tell <<<'
  our client, and s_server, which insists on a certificate as well (-Verify
  alone would only ask: it takes -verify_return_error)'
sed '1,/END CERTIFICATE/d' "$ca/server.pem" >"$scratch/server-chain.pem"
stranger server ACCEPT "openssl s_server -rev -naccept 1 -accept 127.0.0.1:$PORT \
-cert $ca/server.pem -key $ca/server.key -cert_chain $scratch/server-chain.pem \
-CAfile $ca/ca.pem -Verify 2 -verify_return_error"
types "$bin/client localhost $port $ca/ca.pem $ca/client.pem $ca/client.key" \
    "$message" "$(reverse "$message")"
telling .
holds 'our client got the line back, in reverse' got_back "$(reverse "$message")"
ends server
stranger server ACCEPT "openssl s_server -rev -naccept 1 -accept 127.0.0.1:$PORT \
-cert $ca/server.pem -key $ca/server.key -cert_chain $scratch/server-chain.pem \
-CAfile $ca/ca.pem -Verify 2 -verify_return_error"
types "$bin/client localhost $port $ca/ca.pem $ca/stranger.pem $ca/stranger.key" \
    "$message"
telling .
holds 'and a stranger is refused when it reads' refused 'client: read: *alert'
