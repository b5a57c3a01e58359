#!/usr/bin/env bash
# Lab 5's programs against openssl s_client and s_server.
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

plan 8
certificates
led=$scratch/led
for name in button client server; do
    sed '1,/END CERTIFICATE/d' "$ca/$name.pem" >"$scratch/$name-chain.pem"
done
state() { [[ $(tail -n 1 "$led") == "LED Status: $1" ]] || { tail -n 3 "$led"; return 1; }; }
answered() { [[ $(<"$scratch/out") == *"$1" ]] || { cat "$scratch/out" "$scratch/err"; return 1; }; }

tell <<<'
  our server, and commands typed into s_client'
serve server "$bin/server" localhost "$PORT" "$ca/server.pem" "$ca/server.key" \
    "$ca/ca.pem" "$ca/crl.pem" "$led"

# as NAME COMMAND ANSWER
as() {
    types "openssl s_client -connect localhost:$port -CAfile $ca/ca.pem \
-verify_return_error -verify_hostname localhost -cert $ca/$1.pem -key $ca/$1.key \
-cert_chain $scratch/$1-chain.pem -quiet -no_ign_eof -nocommands" "$2" "$3"
    telling '^OK|^ERR|alert [a-z]'
}
as button 'LED ON' OK
holds 'the button may say LED ON' answered 'OK on'
holds 'and it is lit' state On
as client 'LED?' OK
holds 'client may ask' answered 'OK on'
as client 'LED OFF' ERR
holds 'but not switch' answered 'ERR only the button may switch'
as button 'LED OFF' OK
holds 'the button may' state Off
stop server

tell <<<'
  our client, and s_server, which answers each line with the same in reverse'
stranger server ACCEPT "openssl s_server -rev -naccept 1 -accept 127.0.0.1:$PORT \
-cert $ca/server.pem -key $ca/server.key -cert_chain $scratch/server-chain.pem \
-CAfile $ca/ca.pem -Verify 2 -verify_return_error"
types "$bin/client localhost $port $ca/ca.pem $ca/button.pem $ca/button.key -" \
    'one press' ELGGOT
telling .
holds 'it asks at first: LED?' grep -q 'the LED: ?DEL' "$scratch/err"
holds 'and toggles when a line is typed: LED TOGGLE' got_back 'ELGGOT DEL'
holds 's_server knows who it was: CN=button' grep -q 'CN *= *button' "$scratch/server.log"
