#!/usr/bin/env bash
# Lab 3, the exercise: find the holes of a client. The right server is heard,
# to its last word; the zoo is refused, each animal of it.
# shellcheck source=scripts/exercise/claims.bash
source scripts/exercise/claims.bash

certificates
mapfile -t zoo < <(grep $'\tserver\t' ca/zoo.tsv)
plan $((${#zoo[@]} + 5))
question="how much is in account $(random)?"
printf 'There are %s in it,\nand %s in the other.\n' "$(random)" "$(random)" \
    >"$scratch/answer"

# What the system trusts is not what we trust. Should your client ask it, it
# gets Mallory's CA, and all that belongs to it.
export SSL_CERT_FILE=$scratch/system.pem SSL_CERT_DIR=$scratch
cp -r "$ca"/other-ca.* "$scratch"
ca/make-crl "$scratch/other-ca" >/dev/null
cat "$scratch"/other-ca.pem "$scratch"/other-ca.crl >"$SSL_CERT_FILE"

# visit NAME WHAT CERTIFICATE STEP...: it listens at $at.
at=localhost
visit() {
    local env=()
    [[ $3 != weak-key ]] || env=(env OPENSSL_CONF=labs/common/weak.cnf)
    scene
    meet "$1" "$2" "${env[@]}" build/scripts/exercise/peer "$at" 0 tls="$ca/$3" "${@:4}"
}
ask() { attempt "$question"$'\n' "$bin/client" "$1" "$port" "$ca/ca.pem" "$ca/crl.pem"; }

heard() { saw server "$question" && printed "$scratch/answer"; }
# refused NAME: a status that says so, and not a word to this one.
refused() {
    if grep -q '^heard [0-9]' "$scratch/$1.saw"; then
        echo "it says nothing to $1"
        return 1
    fi
    [[ $end == 'exited 1' && ! -s $scratch/out ]] && return
    echo 'it ends with status 1 and prints nothing'
    return 1
}

visit server 'the right one: hears a line, answers, says goodbye' \
    server line file="$scratch/answer"
watch "tcp port $port"
ask localhost
unwatch
claim 'the right server is asked, and its answer is printed' heard <<'END'
Its certificate is good: signed by the CA that you were given, made for
localhost, of today, not revoked. Who refuses it refuses everybody.
END
secret() { some 'records ~ /ClientHello/' && hidden "$question"; }
claim_wire 'on the wire the question cannot be read' secret <<'END'
What goes out with write() on the socket is not encrypted.
END

at=127.0.0.1
visit server 'the right one: hears a line, answers, says goodbye' \
    server line file="$scratch/answer"
at=localhost
ask 127.0.0.1
claim 'asked for by its address, the right server answers as well' heard <<'END'
The certificate holds the address 127.0.0.1 as well. SSL_set1_host() takes a
name or an address.
END

# because NAME: what it usually means that this one gets in.
because() {
    case $1 in
    wrong-name) echo 'It has an honest certificate, for somebody else. That a certificate is good says
nothing about whose it is. To ask for a name (SNI) is not to check it.' ;;
    no-name) echo 'The name stands in the common name alone. Names belong in subjectAltName;
X509_CHECK_FLAG_NEVER_CHECK_SUBJECT leaves the common name out.' ;;
    revoked) echo 'Its CA has taken it back. The CRL has to be loaded, and looked at: CRL_CHECK.' ;;
    *) echo 'Is the certificate looked at at all? A warning is read by nobody before the
question is out: SSL_VERIFY_PEER ends the handshake instead. And who else but
the given CA is trusted?' ;;
    esac
}
for animal in "${zoo[@]}"; do
    IFS=$'\t' read -r name _ rule _ <<<"$animal"
    visit impostor "shows the certificate \"$name\", which breaks a rule" "$name" line file="$scratch/answer"
    ask localhost
    claim "$name is refused (the rule: $rule)" refused impostor \
        < <(because "$name")
done

half=$(head -n 1 "$scratch/answer")
visit server 'says half of the answer; then the line is cut, without goodbye' \
    server line say="$half" cut
ask localhost
claim 'an answer that is cut off is an error: exit status 1' ended_with 1 <<'END'
Anybody on the way can end a TCP connection; only the server can say goodbye
(close_notify). SSL_read_ex() fails in both cases, SSL_get_error() says which.
END
wordy() {
    [[ -s $scratch/err ]] && return
    echo 'it says on stderr what was wrong'
    return 1
}
claim 'and something is said about it' wordy <<'END'
Whoever runs the client should learn that there was more to come.
END
