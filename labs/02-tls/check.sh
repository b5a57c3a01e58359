#!/usr/bin/env bash
# Lab 2, the exercise: trust on first use. No CA, but a memory.
# shellcheck source=scripts/exercise/claims.bash
source scripts/exercise/claims.bash

plan 10
certificates
message="the secret is $(random)"
printf '%s\n' "$message" >"$scratch/message"
honest=$ca/self-signed renewed=$scratch/renewed hers=$scratch/hers
pins=$scratch/pins at=0
name=(-x509 -new -config ca/openssl.cnf -subj /CN=self-signed -days 90
      -extensions profile_server)
export SAN=DNS:localhost
cp "$honest.key" "$renewed.key"
openssl req "${name[@]}" -key "$renewed.key" -out "$renewed.pem"
openssl req "${name[@]}" -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
    -noenc -keyout "$hers.key" -out "$hers.pem" 2>/dev/null

# visit NAME WHAT CERT: yours goes to a server with this certificate; all of
# them sit on the same port.
visit() {
    scene
    meet "$1" "$2" build/scripts/exercise/peer localhost "$at" tls="$3" echo
    at=$port
    attempt "$message"$'\n' "$bin/client" localhost "$port" "$pins"
}

# talked NAME: the message went there and came back.
talked() { saw "$1" "$message" && printed "$scratch/message"; }

# pin FILE: of a certificate, the way the handout does it by hand.
pin() {
    openssl x509 -in "$1" -noout -pubkey |
        openssl pkey -pubin -outform DER | sha256sum | cut -c 1-64
}
# kept LINE...: just this is in the file of pins.
kept() {
    cmp -s "$pins" <(printf '%s\n' "$@") && return
    echo 'the file of pins holds just this:'
    printf '  %s\n' "$@"
    echo 'it holds:'
    [[ ! -e $pins ]] || head -c 400 "$pins" | sed 's/^/  /'
    return 1
}
refused() {
    [[ $end == 'exited 1' && ! -s $scratch/out ]] && return
    echo 'it ends with status 1 and prints nothing'
    return 1
}
deaf() { # NAME: it has heard nothing of the message
    ! grep -q '^heard [0-9]' "$scratch/$1.saw" && return
    echo "nothing is said to $1: the pin is looked at before the message goes"
    return 1
}

visit server 'shows a certificate of its own, and echoes' "$honest"
right="localhost $at $(pin "$honest.pem")"
claim 'on the first visit the server is believed' talked server <<'END'
There is nothing to compare with yet. The message goes to the server, and what
comes back is printed.
END
claim 'and the pin of its public key is kept' kept "$right" <<'END'
The pin is the SHA-256 of the public key as it stands in the certificate,
with its algorithm: X509_get_X509_PUBKEY(), in DER. Neither the certificate
nor the bare bits of the key have the same sum.
END

visit server 'the same one' "$honest"
claim 'on the second visit it is known' talked server <<'END'
The pin that was kept and the pin of today are equal here. Are they made in
the same way both times?
END

visit server 'has a new certificate, for the same key' "$renewed"
claim 'a new certificate for the same key makes no difference' \
    talked server <<'END'
Certificates are renewed every few months, keys need not be: so the key is
pinned. Whoever pins the certificate locks himself out at the first renewal.
END

visit mallory 'sits on the port of the server, with its name and a key of her own' \
    "$hers"
claim 'Mallory, with another key, is refused' refused <<'END'
Anybody can write this name into a certificate. What Mallory has not got is
the key. A pin that is only told, and not insisted on, protects nobody.
END
claim 'and has heard nothing of the message' deaf mallory <<'END'
The handshake is not the time to talk: first recognize(), then send.
END

visit mallory 'tries once more' "$hers"
claim 'she is refused again: the pin still stands' refused <<'END'
A refused key must not be kept, or it is the known one the next time.
END

last=0
[[ $right != *0 ]] || last=1
echo "${right%?}$last" >"$pins"
visit server 'is the right one, but the last digit of its pin has been changed' \
    "$honest"
claim 'a pin that is almost right is wrong' refused <<'END'
All 64 digits count. Whoever compares a part of them can be met with another
key that has the same part: eight digits are found in minutes.
END

printf '%s\n' "$right" >"$pins"
scene
meet other 'another server, on another port' \
    build/scripts/exercise/peer localhost 0 tls="$hers" echo
watch "tcp port $port"
attempt "$message"$'\n' "$bin/client" localhost "$port" "$pins"
unwatch
both() { kept "$right" "localhost $port $(pin "$hers.pem")" && talked other; }
claim 'a server on another port is met for the first time' both <<'END'
A pin belongs to a host and a port; on another port there may be another
server. Its pin is a line of its own.
END

# What can be seen of this visit, and what not.
secret() {
    if ! some 'records ~ /ClientHello/' || ! some 'way == ">" && records ~ /data/'
    then
        echo "a ClientHello and encrypted data in $pcap"
        return 1
    fi
    hidden "$message"
}
claim_wire 'on the wire the message cannot be read' secret <<'END'
What goes out with write() on the socket is not encrypted.
END
