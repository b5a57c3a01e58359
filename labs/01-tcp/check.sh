#!/usr/bin/env bash
# Lab 1, the exercise: a stream has no messages, and it has two ends.
# shellcheck source=scripts/exercise/claims.bash
source scripts/exercise/claims.bash

plan 8
question="who has the key to room $(random)?"
pieces=('It is in the hands' " of $(random),"$'\n' "who is out until $(random)."$'\n')
printf '%s' "${pieces[@]}" >"$scratch/answer"

peer() { meet server "$1" build/scripts/exercise/peer localhost 0 "${@:2}"; }
ask() { attempt "$question"$'\n' "$bin/client" localhost "$port"; }

scene
peer 'hears a line, thinks, says an answer in one piece, and closes' \
    line think file="$scratch/answer"
ask
claim 'an answer in one piece is printed' printed "$scratch/answer" <<'END'
What comes back on the socket belongs on standard output, and nothing else
does. Does nothing come back? Then the connection was closed too early: after
close(), or shutdown() of both halves, nothing can be heard any more.
END

scene
peer 'hears a line, then says the same answer in three pieces' \
    line say="${pieces[0]}" say="${pieces[1]}" say="${pieces[2]}"
ask
claim 'an answer in three pieces is printed whole' printed "$scratch/answer" <<'END'
read() gives what has arrived by now, and that is a piece: a stream has no
messages. The answer is whole when read() says 0: the server has closed.
END

scene
words() { yes "$(random)" | head -c "$1" || :; }
{
    words 16384
    printf 'zero: \0, all bits: \377, and on: '
    words 30000
} >"$scratch/bytes"
peer 'hears a line, then says 46 kB of bytes, zero bytes among them' \
    line file="$scratch/bytes"
ask
claim 'bytes are printed as they come, whatever they are' \
    printed "$scratch/bytes" <<'END'
What comes is bytes, not a text with a zero byte at its end. read() says how
many there are; fwrite() takes that number, printf("%s") does not ask for it.
END

scene
peer 'hears all until the end, then says its answer in three pieces' \
    end say="${pieces[0]}" say="${pieces[1]}" say="${pieces[2]}"
watch "tcp port $port"
ask
unwatch
claim 'the server hears that the question is over' saw server 'heard the end' <<'END'
Each waits for the other: the server for the end of the question, the client
for the answer. You can close one half of a connection, the half in which you
talk, with shutdown(), and go on hearing; and it has to be done before.
END
claim 'and the answer to that is heard as well, all of it' \
    printed "$scratch/answer" <<'END'
shutdown() closes the half that its second argument names: only the writing
half is to be closed. The answer comes later and in pieces; read on.
END

scene
peer 'hears a line, says the beginning of an answer, breaks the connection' \
    line say="${pieces[0]}" reset
ask
claim 'an answer that is broken off is an error: exit status 1' \
    ended_with 1 <<'END'
read() says 0 at the end and -1 when the connection broke. Whoever treats both
alike takes half an answer for a whole one.
END

# The client's FIN comes first, and after it the answer still flows.
half_closed() {
    local order
    order=$(like 'flags ~ /FIN/ || bytes > 0' |
        awk '{ printf "%s%s ", $5, $6 ~ /FIN/ ? "FIN" : "data" }')
    [[ $order == '>data '*'>FIN '*'<data '* ]] && return
    echo "from the client data and FIN, then data from the server"
    echo "in $pcap it was: $order"
    return 1
}
claim_wire 'on the wire the question can be read' \
    wire find "$question" <<'END'
The question must travel as it is.
END
claim_wire "on the wire the client's FIN comes before the answer" \
    half_closed <<'END'
The FIN says "no more from me". It has to be on its way before the server
answers, and it must not be the end of the connection.
END
