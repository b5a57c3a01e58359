# tls.bash - what the tests of labs 2, 3 and 4 have in common. Source it.
#
# $bin is where the programs are; the arrays own and other are what server and
# client are given after host and port.
# shellcheck shell=bash
# shellcheck source=scripts/tests/programs.bash
source scripts/tests/programs.bash
# shellcheck source=scripts/tests/tool.bash
source scripts/tests/tool.bash

own=() other=() bin=''

# talks (4 statements): by name, by address, by IPv6, and with nothing to say.
talks() {
    server "$bin/server" localhost 0 "${own[@]}"
    holds 'by name' echoes "$bin/client" localhost "$port" "${other[@]}"
    server "$bin/server" 127.0.0.1 0 "${own[@]}"
    holds 'by IPv4 address' echoes "$bin/client" 127.0.0.1 "$port" "${other[@]}"
    server "$bin/server" ::1 0 "${own[@]}"
    holds 'by IPv6 address' echoes "$bin/client" ::1 "$port" "${other[@]}"
    says 'to have nothing to say is no error' 0 '' \
        "$bin/client" ::1 "$port" "${other[@]}" </dev/null
}

# open_client: a client that has sent one line, and waits for the next.
open_client() {
    rm -f "$scratch/words"
    mkfifo "$scratch/words"
    : >"$scratch/heard"
    setpriv --pdeathsig KILL "$bin/client" localhost "$port" "${other[@]}" \
        <"$scratch/words" >"$scratch/heard" 2>"$scratch/said" &
    client=$!
    exec {words}>"$scratch/words"
    echo hello >&"$words"
    await "$scratch/heard" hello
}

# endings (8 statements): an end is believed only if close_notify says so.
endings() {
    local status=0
    server "$bin/server" localhost 0 "${own[@]}"
    open_client
    exec {words}>&-
    wait "$client" || status=$?
    holds 'the client ends with 0: the server said goodbye' test "$status" = 0
    holds 'and so did the client' logs goodbye

    server "$bin/server" localhost 0 "${own[@]}"
    open_client
    kill -KILL "$client"
    wait "$client" 2>/dev/null || :
    exec {words}>&-
    holds 'the server calls a client that was cut off: broken off' \
        logs 'broken off: unexpected eof'
    ends
    holds 'SIGTERM ends the server with status 0' test "$ended" = 0

    server "$bin/server" localhost 0 "${own[@]}"
    open_client
    kill -KILL "$server"
    wait "$server" 2>/dev/null || :
    exec {words}>&-
    status=0
    wait "$client" || status=$?
    holds 'the client reports a server that was cut off' \
        grep -q 'did not say goodbye: unexpected eof' "$scratch/said"
    holds 'and ends with 1' test "$status" = 1

    # The alert close_notify, where a ServerHello or ClientHello is due.
    printf '\25\3\3\0\2\1\0' >"$scratch/goodbye"
    stranger 'istening on' nc -N -v -l 127.0.0.1 0 <"$scratch/goodbye"
    says 'goodbye is no handshake' 1 'client: handshake: ' \
        timeout "$limit" "$bin/client" 127.0.0.1 "$port" "${other[@]}" </dev/null
    server "$bin/server" 127.0.0.1 0 "${own[@]}"
    timeout "$limit" nc -N 127.0.0.1 "$port" <"$scratch/goodbye" >/dev/null || :
    holds 'nor is it one for the server' logs 'handshake: '
}

# zeros (2 statements): of the results of a handshake, only 1 is success.
zeros() {
    local zero=(env ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 "LD_PRELOAD=$scratch/zero.so")
    tool zero.so -shared -fPIC scripts/tests/zero.c
    server "$bin/server" localhost 0 "${own[@]}"
    says 'a handshake that ends with 0 has failed' 1 'client: handshake: ' \
        timeout "$limit" "${zero[@]}" "$bin/client" localhost "$port" "${other[@]}"
    server "${zero[@]}" "$bin/server" localhost 0 "${own[@]}"
    timeout "$limit" "$bin/client" localhost "$port" "${other[@]}" 2>/dev/null || :
    holds 'for the server, too' logs 'handshake: '
}

# bad_files (6 statements): the server names the file and the cause, and does
# not listen. The certificate and the key come first in what it is given.
bad_files() {
    local rest=("${own[@]:2}") cert=${own[0]} key=${own[1]} bad=$scratch/bad
    refuses() {
        says "$1" 1 "server: $2" timeout "$limit" "$bin/server" localhost 0 \
            "${@:3}" "${rest[@]}"
    }
    refuses 'no certificate' "certificate $bad: No such file" "$bad" "$key"
    : >"$bad"
    refuses 'an empty certificate' "certificate $bad: nothing in it" "$bad" "$key"
    refuses 'an empty key' "key $bad: nothing in it" "$cert" "$bad"
    openssl x509 -in "$cert" -outform DER -out "$bad"
    refuses 'DER instead of PEM' "certificate $bad: nothing in it" "$bad" "$key"
    openssl pkey -in "$key" -aes256 -passout pass:secret -out "$bad"
    refuses 'an encrypted key' "key $bad: " "$cert" "$bad"
    refuses 'the key of somebody else' "key $ca/admin.key: key values mismatch" \
        "$cert" "$ca/admin.key"
}
