#!/usr/bin/env bash
# Lab 5: a button switches an LED over mutual TLS. Others are refused, what
# dies comes back, and the length of a record tells more than we would like.
# shellcheck source=labs/05-gpio-led/hands.bash
source labs/05-gpio-led/hands.bash

plan 14
certificates
serves=("$ca/server.pem" "$ca/server.key" "$ca/ca.pem" "$ca/crl.pem" "$led")
presses=("$ca/ca.pem" "$ca/button.pem" "$ca/button.key" "$fifo")

# same WHAT WHAT
same() { [[ $1 == "$2" ]] || { printf '%s\n' "$1" "$2"; return 1; }; }

guessed() { same "$1" "$(guess "${@:2}")"; }

serve server "$bin/server" localhost "$PORT" "${serves[@]}"
watch "tcp port $port"
follow "$scratch/button.log" /dev/null "$bin/client" localhost "$port" "${presses[@]}"
await "$scratch/button.log" 'the LED:' "$client" ||
    bail "the button: $(tail -n 1 "$scratch/button.log")"
tell <<<"  button   $fifo (echo >button is a press)
  LED      lines in $led
"
heard='off ' states='dark '
for _ in 1 2 3 4 5; do press; done
pressed=$heard pressed_states=$states by_button=$client

tell <<<"
  The same by hand: openssl s_client, with the certificate of the button"
sed '1,/END CERTIFICATE/d' "$ca/button.pem" >"$scratch/chain.pem"
mkfifo "$scratch/keys"
follow "$scratch/hand.log" "$scratch/keys" \
    openssl s_client -connect "localhost:$port" -CAfile "$ca/ca.pem" \
    -verify_return_error -verify_hostname localhost -cert "$ca/button.pem" \
    -key "$ca/button.key" -cert_chain "$scratch/chain.pem" \
    -quiet -no_ign_eof -nocommands
exec {keys}>"$scratch/keys"
typed='' states='' words=(off on)
for byte in $(od -An -N10 -tu1 /dev/urandom) 0 1; do
    word=${words[byte % 2]}
    by_hand "LED ${word^^}"
    typed+="$word "
done
typed_states=$states states=''
by_hand 'LED ONCE'
unknown=$answer
exec {keys}>&-
wait "$client" || :
client=$by_button

tell <<<"
  Others, with one press each"
as client
known=$answer
known_asks=$(grep 'the LED:' "$scratch/err")
as stranger
stop client
stop server
unwatch
tell <<<''

words() { sed 's/on/lit/g; s/off/dark/g' <<<"$1"; }
holds 'each press got its answer, and the LED followed' \
    same "$pressed/$pressed_states" \
    'off on off on off on /dark lit dark lit dark lit '
holds 'what was typed by hand was obeyed as well' \
    same "$(words "$typed")" "$typed_states"
holds 'LED ONCE is not LED ON: ERR unknown command' \
    same "$unknown" 'ERR unknown command'
holds 'the certificate client may ask: LED?' same "$known_asks" 'client: the LED: OK on'
holds 'but not switch: ERR only the button may switch' \
    same "$known" 'ERR only the button may switch'
holds 'the certificate stranger is refused: unknown ca' \
    same "$answer" 'tlsv1 alert unknown ca'
holds 'and none of the three touched the LED' same "$states" 'lit lit lit '
holds 'the server was stopped, and the LED went dark' same "$(tail -n 1 "$led")" 'LED Status: Off'
on_wire 'the packets show TLS, and neither LED ON nor LED OFF' \
    hidden 'LED ON' 'LED OFF' 'LED TOGGLE' 'OK o'
[[ $LAB_NET == none ]] || tell <<<"
  But lengths are not hidden. In TLS 1.3 a record is 17 bytes longer than what is
  in it: LED ON takes 24, LED OFF 25; the answer OK on takes 23, OK off 24.
    typed    $typed
    guessed  $(guess 2 '>' 24)"
on_wire 'each command typed can be told by its length alone' guessed "$typed" 2 '>' 24
on_wire 'and by the answers, what each press did' guessed "$pressed" 1 '<' 23

tell <<<"
  A launcher keeps both running:
    launcher server ... $led -- client ... $fifo"
follow "$scratch/launcher.log" /dev/null "$bin/launcher" \
    "$bin/server" localhost "$port" "${serves[@]}" -- \
    "$bin/client" localhost "$port" "${presses[@]}"
press
first=$answer victim=$(awk '/server: process/ { print $NF }' "$scratch/launcher.log")
kill -KILL "$victim"
await "$scratch/launcher.log" 'the server is lost' "$client" || :
tell <<<"    kill -9 $victim, the server:"
grep -E 'ended, signal|is lost' "$scratch/launcher.log" | sed 's/^/      /' | tell
press
second=$answer
stop client
tell <<<''
holds 'the server was killed, and the next press was obeyed' \
    same "$first, $second" 'OK on, OK on'
holds 'SIGTERM ends the launcher, with status 0' test "$ended" = 0
holds 'and with it both programs; the LED is dark' same "$(tail -n 1 "$led")" 'LED Status: Off'
