# fire.bash - servers and clients under fire: what these tests share.
# Source it; it starts nothing by itself but a compiler.
# shellcheck shell=bash
# shellcheck source=scripts/tap.bash
source scripts/tap.bash
# shellcheck source=scripts/net.bash
source scripts/net.bash
# shellcheck source=scripts/tests/wait.bash
source scripts/tests/wait.bash
# shellcheck source=scripts/tests/tool.bash
source scripts/tests/tool.bash

ca=build/ca
# What s_client is given to be known to a server that asks.
export who=(-cert "$ca/client.pem" -key "$ca/client.key" -cert_chain "$ca/intermediate.pem")
mortal=(setpriv --pdeathsig KILL)
export labs=(1 2 3 4 5)

# alone ARGUMENT...: start this test again, with these, in a network of its own,
# where nobody else has connections. Where that is forbidden it runs in the
# machine's network.
alone() {
    local net=(unshare --user --map-current-user --keep-caps --net)
    ((EUID != 0)) || net=(unshare --net)
    if [[ -z ${FIRE_ALONE-} ]] && "${net[@]}" ip link set lo up 2>/dev/null; then
        rmdir "$scratch"
        FIRE_ALONE=1 exec "${net[@]}" bash "$0" "$@"
    fi
    [[ -z ${FIRE_ALONE-} ]] || ip link set lo up
}

# tools: the peer that does not behave, one that does and holds on, and the shim.
tools() {
    make -s all
    [[ -f $ca/server.pem ]] || make -s certs
    tool peer -O2 scripts/tests/peer.c
    tool dialer -O2 scripts/bench/client.c -lssl -lcrypto
    tool shim.so -O2 -shared -fPIC scripts/tests/shim.c
}

# program N NAME: set $program to the command of lab N, but for host and port,
# and $rest to what follows those.
program() {
    local known=("$ca/ca.pem" "$ca/client.pem" "$ca/client.key")
    program=$(echo "${built:-build}"/0"$1"-*/)$2
    case $1$2 in
    1*)               rest=() ;;
    2server | 3server) rest=("$ca/server.pem" "$ca/server.key") ;;
    2client)          rest=() ;;
    3client)          rest=("$ca/ca.pem") ;;
    4client)          rest=("${known[@]}") ;;
    *server)          rest=("$ca/server.pem" "$ca/server.key" "$ca/ca.pem" "$ca/crl.pem") ;;
    esac
    case $1$2 in
    5server) rest+=("$scratch/led") ;;
    5client) rest=("$ca/ca.pem" "$ca/button.pem" "$ca/button.key" -) ;;
    esac
}

# serve N [COMMAND...]: start lab N's server, by way of a command if one is
# given. Sets $server to its process, $port, and $log to the file of its words.
serve() {
    lab=$1; shift
    log=$scratch/server-$lab.log
    program "$lab" server
    : >"$log"
    "${mortal[@]}" "$@" "$program" "${serve_at:-localhost}" "${port_wanted:-0}" "${rest[@]}" \
        </dev/null >/dev/null 2>>"$log" &
    server=$!
    await grep -q 'listening on' "$log" || bail "lab $lab: $(<"$log")"
    port=$(sed -n 's/.*listening on .* port //p' "$log")
    fds_before=$(fds)
}

# end_with SIGNAL: end the server; its exit status is in $status.
end_with() {
    export status=0
    kill -"$1" "$server" 2>/dev/null || :
    wait "$server" 2>/dev/null || status=$?
    server=
}

stop() { end_with TERM; }

# client N [PORT]: run lab N's client; it sends our standard input.
client() {
    local rest program
    program "$1" client
    timeout -k 1 "$patience" "$program" localhost "${2:-$port}" "${rest[@]}"
}

# echo_of TEXT: how the answer to it begins. To lab 5 each line is a press.
echo_of() { if ((lab < 5)); then echo "$1"; else echo 'OK o'; fi; }

# served: is an honest client served, to the letter, meanwhile?
served() {
    local text="hello $RANDOM" got
    got=$(client "$lab" 2>"$scratch/served" <<<"$text") || :
    [[ $got != "$(echo_of "$text")"* ]] || return 0
    cat "$scratch/served"
    return 1
}

# proves TEXT COMMAND...: like holds, but not in a subshell: what the command
# starts is still ours afterwards.
proves() {
    local text=$1; shift
    if "$@" >"$scratch/said" 2>&1; then
        ok "$text"
    else
        not_ok "$text" "$(tail -n 20 "$scratch/said")"
    fi
}

# fds, threads, memory: of the server, now; its own memory, in KiB.
fds() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
threads() { find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l; }
memory() { awk '/^Anonymous:/ { print $2 }' "/proc/$server/smaps_rollup"; }

# idle: nothing is left of the peers, neither descriptor nor thread.
idle() { [[ $(threads) == 1 && $(fds) == "$fds_before" ]]; }

# logged TEXT: the server says so, in the end.
logged() { await grep -qe "$1" "$log" || { cat "$log"; return 1; }; }

# told N: of everybody who came, at least N, the log says how it ended, and why.
told() {
    await idle && awk -v least="$1" '
        /port \?|unknown error|Success|: connection closed/ { print "no cause: " $0; bad = 1 }
        match($0, /port [0-9]+: /) {
            who = substr($0, RSTART, RLENGTH)
            if (!(who in seen)) { seen[who]; came[who]; count++ }
            if (/: (goodbye|(handshake|broken off): .+)$/) delete came[who]
        }
        END {
            for (who in came) { print "no end of " who; bad = 1 }
            print count + 0, "came"
            exit bad || count < least
        }' "$log"
}

# hold NAME STEP...: a peer that takes these steps, of which one is to hold,
# and has come so far. let_go NAME: it goes on, and to its end.
hold() {
    local name=$1; shift
    "${mortal[@]}" "$scratch/peer" "$@" >"$scratch/$name" 2>&1 </dev/null &
    printf -v "$name" '%s' "$!"
    await grep -q holding "$scratch/$name" ||
        bail "the peer does not get so far: $(<"$scratch/$name")"
}

let_go() {
    kill -USR1 "${!1}"
    wait "${!1}" || :
}

# talk WHAT N: N connections, of which each has got a line back (held), or which
# send on and on and never read, until nothing fits any more (deaf).
# hang_up: they are gone.
talk() {
    local kind=full
    ((lab > 1)) || kind=plain
    rm -f "$scratch/talk"
    LINE='LED?' CERT=$ca/client.pem KEY=$ca/client.key "${mortal[@]}" \
        "$scratch/dialer" "$1" "$port" "$kind" "$2" <&"$silence" >"$scratch/talk" 2>&1 &
    talk=$!
    await test -s "$scratch/talk" || { echo 'nobody talks'; return 1; }
    grep -qxE 'full|[0-9]+\.[0-9]' "$scratch/talk" || { cat "$scratch/talk"; return 1; }
}
hang_up() {
    kill "$talk" 2>/dev/null || :
    wait "$talk" 2>/dev/null || :
}

trap '[[ -z ${server-} ]] || end_with KILL; rm -rf "$scratch"' EXIT
