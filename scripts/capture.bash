# capture.bash - a capture that is whole: from before the first packet to after
# the last. A part of stage.bash, whose await and impossible it uses.
# shellcheck shell=bash
# shellcheck source=scripts/net.bash
source scripts/net.bash
# shellcheck source=scripts/packets.bash
source scripts/packets.bash

# The capture goes on until its input ends: nobody may signal what sudo has
# started, and should we be killed, the input ends as well.
until_eof="\"\$@\" </dev/null & cat >/dev/null; kill -TERM \$!; wait \$!"

# watch FILTER...: capture from now on. What was captured before is kept until
# the new capture is whole.
watch() {
    [[ $LAB_NET != none ]] || return 0
    mkdir -p "${pcap%/*}"
    raw=${pcap%.pcap}-raw.pcap
    mkfifo "$scratch/hold"
    : >"$scratch/tcpdump.log"
    net_tcpdump "$LAB_NET"
    watched_from=$EPOCHREALTIME
    "${net_raise[@]}" sh -c "$until_eof" sh "${net_tcpdump[@]}" -w "$raw" \
        "($*) or udp port 9" <"$scratch/hold" 2>"$scratch/tcpdump.log" &
    tcpdump=$!
    exec {hold}>"$scratch/hold"
    await "$scratch/tcpdump.log" 'listening on' "$tcpdump" ||
        impossible "tcpdump does not capture: $(tail -n 1 "$scratch/tcpdump.log")"
}

# without_end FILE NEW: copy a capture, without the packet that tells its end.
# What was at NEW stays there until the copy is whole.
without_end() {
    local me=()
    ((EUID != 0)) || me=(-Z root)
    { tcpdump "${me[@]}" -r "$1" -w - 'not udp port 9' | cat >"$2.new"; } \
        2>"$scratch/copy.log" ||
        impossible "cannot write $2: $(tail -n 1 "$scratch/copy.log")"
    mv "$2.new" "$2"
    rm "$1"
}

# unwatch: stop the capture when it has come to the end: a last packet tells,
# and is then taken out. LAB_TAMPER names a command with which the tests spoil
# the finished capture; no statement about packets may hold after that.
unwatch() {
    local end=wirelab-$RANDOM-end
    [[ $LAB_NET != none ]] || return 0
    echo "$end" >/dev/udp/127.0.0.1/9
    await "$raw" "$end" "$tcpdump" || impossible "the capture stopped too early: \
$(grep -v listening "$scratch/tcpdump.log" | head -n 1)"
    exec {hold}>&-
    unset hold
    wait "$tcpdump" || impossible "tcpdump: $(<"$scratch/tcpdump.log")"
    rm "$scratch/hold"
    without_end "$raw" "$pcap"
    [[ -z ${LAB_TAMPER-} ]] || "$LAB_TAMPER" "$pcap"
}
