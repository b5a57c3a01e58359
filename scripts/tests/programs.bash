# programs.bash - to start the labs' programs in a test. Source it.
#
# A test may run in the machine's own network, so every server chooses its port.
# shellcheck shell=bash
# shellcheck source=scripts/tap.bash
source scripts/tap.bash

limit=$((20 * ${LAB_TIMEOUT_SCALE:-1}))
export ca=build/ca port
trap 'kill -KILL "${started[@]}" 2>/dev/null; wait; rm -rf "$scratch"' EXIT
started=()

# await FILE PATTERN: wait until a line of FILE is like that.
await() {
    timeout "$limit" grep -qm 1 -e "$2" <(exec tail -n +1 -s 0.1 -f --pid=$$ "$1")
}

# server COMMAND...: start it. Sets $server, $port and $log.
server() {
    log=$scratch/server.$RANDOM$RANDOM
    : >"$log"
    setpriv --pdeathsig KILL "$@" </dev/null >"$log.out" 2>"$log" &
    server=$!
    started+=("$server")
    await "$log" 'listening on' || bail "$* does not listen: $(<"$log")"
    port=$(sed -n 's/.*listening on .* port \([0-9]*\)$/\1/p' "$log")
}

# ends: tell the server to end, and wait. Its status is in $ended.
ends() {
    export ended=0
    kill -TERM "$server"
    wait "$server" || ended=$?
}

# stranger READY COMMAND...: start a server that is not ours.
stranger() {
    local ready=$1; shift
    log=$scratch/stranger.$RANDOM$RANDOM
    : >"$log"
    setpriv --pdeathsig KILL "$@" >"$log" 2>&1 &
    server=$!
    started+=("$server")
    await "$log" "$ready" || bail "$* is not ready: $(<"$log")"
    port=$(sed -n "s/.*$ready.*[: ]\\([0-9][0-9]*\\)[^0-9]*\$/\\1/p;T;q" "$log")
}

# logs PATTERN: the server has said, or will soon say, a line like that.
logs() { await "$log" "$1" || { cat "$log"; return 1; }; }

# echoes COMMAND...: what goes in comes back, and the command ends well.
echoes() {
    local text="echo $RANDOM$RANDOM" out
    out=$(timeout "$limit" "$@" <<<"$text" 2>"$scratch/echo.err") &&
        [[ $out == "$text" ]] && return
    echo "got: $out"; cat "$scratch/echo.err"; return 1
}

# copy_kit FOLDER: the kit as it stands, built, to be spoiled.
copy_kit() {
    mkdir -p "$1"
    tar -c --exclude=./.git --exclude=./captures/run --exclude=./.lab . | tar -x -C "$1"
}
