#!/usr/bin/env bash
# Lab 4, the exercise: who may what. The door asks for the names that the CA
# has checked, each time anew, and also those who have been here before.
# shellcheck source=scripts/exercise/claims.bash
source scripts/exercise/claims.bash

plan 13
certificates

# A CA to play with: a copy of ours, that signs and revokes as the check needs.
my=$scratch/ca
mkdir "$my"
cp -r "$ca"/ca.* "$ca"/intermediate.* "$my"
issue() { # NAME COMMON-NAME NAMES
    ca/make-request "$my/$1" "$2"
    ca/sign "$my/intermediate" "$my/$1" client "$3"
}
{
    issue liar admin DNS:client
    issue longer client DNS:administrator,DNS:admin.example
    issue former admin DNS:admin
    cp "$ca/crl.pem" "$scratch/crl.pem"
} >"$scratch/ca.log"

# by NAME LINES [CERTIFICATE [SESSION]]: NAME says LINES, with this certificate.
by() {
    scene
    visit "$1" "$2" "$scratch/${4:-none}.session" \
        ${3:+"${3}.pem" "${3}.key"}
    rm -f "$scratch/none.session"
}
# gets NAME ANSWER...
gets() {
    local name=$1; shift
    cmp -s <(printf '%s\n' "$@") <(grep -v '^the session is resumed' "$scratch/$name.saw") && return
    echo "$name gets: $*"
    return 1
}
turned_away() { # NAME...: not a word is answered
    local name
    for name; do
        if grep -qx 'done\|not for you' "$scratch/$name.saw" ||
            ! grep -q '^turned away: ' "$scratch/$name.saw"; then
            echo "$name gets no answer: the connection ends"
            return 1
        fi
    done
}

scene
open_house "$bin/server" localhost 0 "$ca/server.pem" "$ca/server.key" \
    "$ca/ca.pem" "$scratch/crl.pem"
claim 'the server listens' listens <<'END'
The server has to come as far as tcp_serve(): do its certificate, key, CA and
CRL load? What does it say on stderr?
END

watch "tcp port $port"
printf -v long '%064dopen' 0
by client $'ring\nopen\n'"$long"$'\nring' "$ca/client"
hung_up
unwatch
claim 'the client may ring, and not open' \
    gets client 'done' 'not for you' 'not for you' 'done' <<'END'
The table rights[] has one line for the client. Whatever is not in it is
forbidden. A line is one command or none: not two, however long it is.
END
hidden_words() {
    some 'records ~ /ServerHello/' && hidden 'ring' 'not for you'
}
claim_wire 'on the wire neither questions nor answers can be read' \
    hidden_words <<'END'
What goes out with write() on the socket is not encrypted.
END

by admin $'ring\nopen' "$ca/admin" admin
claim 'the admin may both' gets admin 'done' 'done' <<'END'
The table has two lines for the admin. Is the name found in the certificate?
X509_check_host() looks into subjectAltName, for one name at a time.
END

by liar $'ring\nopen' "$my/liar"
claim 'who calls himself admin, but was checked as client, may only ring' \
    gets liar 'done' 'not for you' <<'END'
The common name is a text for people; many CAs let you choose it. What they
check are the names in subjectAltName. Here it says "client", and the common
name says "admin".
END

by longer $'ring\nopen' "$my/longer"
claim 'administrator and admin.example are not admin' \
    gets longer 'not for you' 'not for you' <<'END'
A name is equal or it is not. Whoever compares the beginning, or looks for a
part of it, gives rights to names that nobody has thought of.
END

by stranger ring "$ca/stranger"
visit nobody ring "$scratch/none.session"
claim 'a stranger, and who shows nothing, are turned away' \
    turned_away stranger nobody <<'END'
Who you are is worth what the CA is worth that says so. A certificate must be
asked for, must be there, and must be verified: tls_ask() does all three, if
nothing weakens it afterwards.
END

by revoked ring "$ca/client-revoked"
claim 'a revoked client is turned away' turned_away revoked <<'END'
The CRL says so, and it was there when the server started: CRL_CHECK looks at
it in the handshake.
END

by admin $'ring\nopen' "$ca/admin" admin
claim 'the admin comes back with his session, and may the same' \
    gets admin 'done' 'done' <<'END'
A resumed session does without the certificates; nothing is verified, and no
callback is called. Who it is stands in the session: SSL_get0_peer_certificate().
END

by former ring "$my/former" former
{
    ca/revoke "$my/intermediate" "$my/former"
    ca/make-crl "$my/intermediate"
} >>"$scratch/ca.log"
cat "$my/ca.crl" "$my/intermediate.crl" >"$scratch/crl.pem"
act CA 'revokes former: the file CRL is a new one'
visit former ring "$scratch/former.session" "$my/former.pem" "$my/former.key"
claim 'who has been revoked since comes back with his session: turned away' \
    turned_away former <<'END'
The handshake looks at the CRL that was read at the start, and a resumed
session at none. So it has to be looked at when somebody comes, as it is then,
whether the session is new or not.
END

by former ring "$my/former"
claim 'and so without a session' turned_away former <<'END'
The list that counts is the one in the file now, in a new session as well.
END

scene
act CA 'takes the file CRL away'
rm "$scratch/crl.pem"
visit admin ring "$scratch/none.session" "$ca/admin.pem" "$ca/admin.key"
claim 'when the list cannot be read, nobody is believed' turned_away admin <<'END'
A door that opens when its list is missing has only to be robbed of the list.
When something cannot be checked, the answer is no.
END

scene
close_house
claim 'SIGTERM ends the server, with status 0' ended_with 0 <<'END'
tcp_serve() returns after SIGTERM. If the sanitizer has stopped the server, its
words are above.
END
