#!/usr/bin/env bash
# Lab 5, the exercise: close the length leak. Whoever reads along, but has no
# key, must not be able to tell ON from OFF.
# shellcheck source=scripts/exercise/claims.bash
source scripts/exercise/claims.bash

plan 8
certificates
[[ $LAB_NET != none ]] ||
    impossible "without a capture nobody can eavesdrop: $LAB_WHY"
learned=40 guessed=200
mkfifo "$scratch/keys"

# coin N: that many times on or off; no byte is more likely than another.
coin() {
    od -An -v -w1 -tu1 -N"$1" /dev/urandom | awk '{ print $1 % 2 ? "on" : "off" }'
}

# try WORD: say it to the client, and print the answer.
try() {
    local answer
    { echo "$1" >&"$keys"; } 2>/dev/null || return 1
    IFS= read -r -t "$patience" -u "$client" answer || return 1
    echo "$answer"
}

# press [COMMAND...]: your client, started by it, gets all of $commands, one by
# one, each after the answer to the one before; the first one is only to see that
# it is there. A packet to UDP port 10 says to the eavesdropper: a press.
press() {
    local command keys client
    act yours "client localhost $port ...: ${#commands[@]} commands"
    seen=(client)
    exec {client}< <(exec setpriv --pdeathsig TERM build/scripts/exercise/cage \
        $((5 * patience)) "$scratch/client.report" "$@" "$bin/client" localhost \
        "$port" "$ca/ca.pem" "$ca/button.pem" "$ca/button.key" \
        <"$scratch/keys" 2>"$scratch/client.err")
    exec {keys}>"$scratch/keys"
    trap '' PIPE
    : >"$scratch/answers"
    if try on >"$scratch/first"; then
        for command in "${commands[@]}"; do
            echo press >/dev/udp/127.0.0.1/10
            try "$command" >>"$scratch/answers" || break
        done
    fi
    echo end >/dev/udp/127.0.0.1/10
    exec {keys}>&-
    trap - PIPE
    cat <&"$client" >>"$scratch/answers"
    exec {client}<&-
    {
        echo "($(wc -l <"$scratch/answers") answers)"
        awk -f scripts/exercise/sanitizer.awk "$scratch/client.err" | sed 's/^client: //'
    } >"$scratch/client.saw"
}

# eavesdrop [COMMAND...]: press, and read along. It is a lot of packets: on a busy
# machine some may be lost, then once more.
eavesdrop() {
    local before=("${acts[@]}")
    for _ in 1 2 3; do
        acts=("${before[@]}")
        from=$(stat -c %s "$scratch/err")
        watch "tcp port $port or udp port 10"
        press "$@"
        hung_up
        unwatch
        grep -q '^0 packets dropped' "$scratch/tcpdump.log" && return
    done
}

answered() {
    cmp -s <(printf 'OK %s\n' "${commands[@]}") \
        <(sed 's/ *$//' "$scratch/answers") && return
    echo "${#commands[@]} answers, \"OK on\" to on and \"OK off\" to off;"
    paste -d ' ' <(printf '%s:\n' "${commands[@]}") "$scratch/answers" |
        awk '{ sub(/ *$/, "") } $0 != "on: OK on" && $0 != "off: OK off" {
            print "answer " NR " was, to " $0; exit }'
    return 1
}

# alike: how often was the eavesdropper right? With a coin it would be 135 times
# of 200 or more, or 65 or less, once in a million runs.
alike() {
    local right
    wire lines | awk -v known="${commands[*]:0:learned}" \
        -f scripts/exercise/eavesdrop.awk >"$scratch/guesses"
    right=$(paste -d ' ' "$scratch/guesses" \
        <(printf '%s\n' "${commands[@]:learned}") | awk '$1 == $2' | wc -l)
    (($(wc -l <"$scratch/guesses") == guessed && right > 65 && right < 135)) && return
    echo "of $guessed commands the eavesdropper tells about half, as with a coin;"
    echo "it was right $right times"
    echo 'This is what they look like, in bytes from the client > and the server <:'
    wire lines | awk -F '\t' -v words="${commands[*]}" 'BEGIN { split(words, word, " ") }
        $3 == "udp" { n++; next }
        n && $8 > 0 && $10 !~ /retrans/ { look[n] = look[n] " " $5 $8 }
        END { for (i = 1; i < n; i++) {
                times[word[i] look[i]]++
                if (times[word[i] look[i]] > most[word[i]]) {
                    most[word[i]] = times[word[i] look[i]]; usual[word[i]] = look[i] } }
              printf "  on  %s\n  off %s\n", usual["on"], usual["off"] }'
    return 1
}

house() { # your server
    scene
    open_house "$bin/server" localhost 0 "$ca/server.pem" \
        "$ca/server.key" "$ca/ca.pem" "$ca/crl.pem"
}

house
claim 'the server listens' listens <<'END'
The server has to come as far as tcp_serve(). What does it say on stderr?
END
mapfile -t commands < <(printf '%s\n' on off; coin $((learned + guessed - 3)); echo on)
eavesdrop
claim 'each command is obeyed, and answered' answered <<'END'
Whatever you add to the words, the other side must know it and take it off. The
client prints the answers as they were before: "OK on", "OK off".
END
claim_wire 'who sees only lengths cannot tell ON from OFF' alike <<'END'
ON is a letter shorter than OFF, so is the record that carries it; encryption
does not change a length. "OK on" and "OK off" say the same in the other
direction: both sides have to fill up what they send, to the same size.
END

silent() { [[ ! -s $scratch/first && ! -s $scratch/answers ]]; }
silent_or_alike() { silent || alike; }
scene
eavesdrop "${tls12[@]}"
claim_wire 'nor in TLS 1.2: it is filled up as well, or refused' \
    silent_or_alike <<'END'
TLS can fill up records since 1.3 only; whoever speaks 1.2 with you brings the
leak back. Refuse it, or fill up the words themselves.
END

# answers NAME ANSWER...: somebody whose client fills up nothing.
answers() {
    local name=$1; shift
    cmp -s <(printf '%s\n' "$@") <(sed 's/ *$//' "$scratch/$name.saw") && return
    echo "$name gets: $*"
    return 1
}
scene
printf -v long '%064dLED OFF' 0
visit stranger $'LED ON\nLED?\nLED ONCE\n'"$long"$'\nLED?' "$scratch/session" \
    "$ca/client.pem" "$ca/client.key"
claim 'who fills up nothing is obeyed as well' \
    answers stranger 'OK on' 'OK on' 'ERR unknown command' \
    'ERR unknown command' 'OK on' <<'END'
There are other clients than yours. What they say is short, and still a command.
A line is one command or none: not two, however long it is.
END

scene
visit stranger 'LED OFF' "$scratch/none" "$ca/stranger.pem" "$ca/stranger.key"
claim 'a client of another CA is turned away' saw stranger 'turned away' <<'END'
What hides the length must not switch off the verification: tls_ask().
END

scene
meet mallory 'has a certificate of another CA' \
    build/scripts/exercise/peer localhost 0 tls="$ca/impostor" echo
commands=(on)
press
seen=(mallory client)
leave
refused() {
    silent && ! grep -q '^heard [0-9]' "$scratch/mallory.saw" && return
    echo 'the client says nothing to mallory, and prints nothing'
    return 1
}
claim 'your client refuses a server of another CA' refused <<'END'
What hides the length must not switch off the verification: tls_client_ctx().
END

scene
close_house
claim 'SIGTERM ends the server, with status 0' ended_with 0 <<'END'
tcp_serve() returns after SIGTERM. If the sanitizer has stopped the server, its
words are above.
END
