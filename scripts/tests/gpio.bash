# gpio.bash - lab 5's programs, started and watched. Source it.
# shellcheck shell=bash
# shellcheck source=scripts/tap.bash
source scripts/tap.bash
# shellcheck source=scripts/tests/wait.bash
source scripts/tests/wait.bash

bin=${BIN:-build/05-gpio-led} ca=build/ca
log=$scratch/log led=$scratch/led fifo=$scratch/button port=0
wrap=()                       # what to run the programs under: valgrind, say

# begin COMMAND...: in the background; words and answers go to $log.
begin() {
    setpriv --pdeathsig KILL "$@" </dev/null >>"$log" 2>&1 &
    last=$!
}

# ends PID: wait until it ends; its exit status is in $status.
ends() {
    export status=0
    wait "$1" 2>/dev/null || status=$?
}

# lines N TEXT [FILE]: it is there on at least so many lines.
lines() { (($(grep -c -- "$2" "${3:-$log}") >= $1)); }

server=("$bin/server" localhost 0 "$ca/server.pem" "$ca/server.key" "$ca/ca.pem"
    "$ca/crl.pem" "$led")
start_server() {
    : >"$log"
    begin "${wrap[@]}" "${server[@]:0:2}" "$port" "${server[@]:3}"
    export server_pid=$last
    await lines 1 'listening on' || bail "no server: $(<"$log")"
    port=$(sed -n 's/.*listening on.* port //p' "$log")
}

start_button() {
    begin "${wrap[@]}" "$bin/client" localhost "$port" "$ca/ca.pem" "$ca/button.pem" \
        "$ca/button.key" "$fifo"
    export button_pid=$last
    await test -p "$fifo" || bail "no button: $(<"$log")"
}

# press N: so many times. Who presses while nobody is there waits, or is told
# (broken pipe), and presses again.
press() {
    local i
    for ((i = 0; i < $1; i++)); do
        until echo >"$fifo"; do :; done 2>/dev/null
    done
}

answers() { grep -c '^OK o' "$log" || :; }
lost() { awk '/ lost$/ { sum += $(NF - 3) } END { print sum + 0 }' "$log"; }

# steady FILE: what it tells about the LED goes on, off, on, off: each change
# once, and none twice. A client that comes says how it found it.
steady() {
    awk '{ now = tolower($NF) }
        /the LED:/ || /started/ { was = now; next }
        /^OK o|^LED S/ { if (now == was) { print FILENAME ": " NR ": twice " now; bad = 1 }
            was = now }
        END { exit bad }' "$1"
}

make -s all
[[ -f $ca/button.pem ]] || make -s certs
