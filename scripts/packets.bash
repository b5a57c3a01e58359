# packets.bash - what can be asked of the capture just made. A part of
# stage.bash; the answers come from build/captures/wire.
# shellcheck shell=bash
# shellcheck source=scripts/tap.bash
source scripts/tap.bash

# What an exercise sends is not what the lab's demonstration sent.
pcap=captures/run/$LAB.pcap
[[ ${LAB_VERB-} != check ]] || pcap=captures/run/$LAB-check.pcap
watched_from=0                # when the capture began; unknown: long ago

wire() { build/captures/wire "$1" "$pcap" "${@:2}"; }

# on_wire TEXT COMMAND...: a statement about packets. Without a capture it
# cannot be checked; with one that is not whole, it does not hold.
on_wire() {
    if [[ $LAB_NET == none ]]; then
        skip "$1" "no capture here: $LAB_WHY"
    elif ! whole >"$scratch/whole" 2>&1; then
        not_ok "$1" "$(<"$scratch/whole")"
    else
        holds "$@"
    fi
}

# whole: the capture is of this run, and nothing is missing in it. Presence
# before absence: an empty capture would prove everything.
whole() {
    local key value
    grep -q '^0 packets dropped' "$scratch/tcpdump.log" ||
        { echo 'the kernel dropped packets:'; cat "$scratch/tcpdump.log"; return 1; }
    wire totals >"$scratch/totals" || return 1
    while read -r key value; do
        case $key:$value in
        complete:yes) ;;
        complete:*) echo "the capture is not complete: $value"; return 1 ;;
        start:*)
            awk "BEGIN { exit $value < $watched_from }" ||
                { echo 'the capture is older than this run'; return 1; } ;;
        esac
    done <"$scratch/totals"
}

# show_packets: the ladder.
show_packets() {
    [[ $LAB_NET != none ]] || return 0
    tell <<<"  capture  $pcap"
    tell <<<''
    wire ladder 2>&1 | tell || :       # what is wrong with it is told as well
}

# like CONDITION: the packets that are like that. The words are way (> or <),
# flags, seq, bytes, records and notes: the columns of `wire lines`.
like() {
    wire lines | awk -F '\t' "{ way = \$5; flags = \$6; seq = \$7; bytes = \$8
        records = \$9; notes = \$10 } $1"
}

# some CONDITION / none CONDITION: is there such a packet?
# If wire cannot read the capture, neither holds.
some() { like "$1" >"$scratch/like" && [[ -s $scratch/like ]]; }
none() {
    like "$1" >"$scratch/like" || return 1
    [[ ! -s $scratch/like ]] || { cat "$scratch/like"; return 1; }
}

# opened: the first three packets are SYN, SYN ACK, ACK.
opened() {
    local three
    three=$(wire lines | awk -F '\t' 'NR < 4 { printf "%s %s,", $5, $6 }')
    [[ $three == '> SYN,< SYN+ACK,> ACK,' ]] || { echo "$three"; return 1; }
}

# finished: each side said FIN.
finished() {
    some 'way == ">" && flags ~ /FIN/' && some 'way == "<" && flags ~ /FIN/'
}

# carrier DIRECTION TEXT: the packet in which TEXT begins, > or <; nothing if
# there is none.
carrier() {
    [[ $LAB_NET != none ]] || return 0
    { wire find "$2" 2>/dev/null || :; } | awk -v way="$1" '$3 == way { sub(/-.*/, "", $7); print $7; exit }'
}

# met: both sides of a TLS connection said hello, and then sent data.
# all_met NUMBER: in so many connections.
met() { all_met 1; }
all_met() {
    wire lines | awk -F '\t' -v want="$1" '
        $9 ~ /ClientHello/             { asked[$4] = 1 }
        $9 ~ /ServerHello/             { answered[$4] = 1 }
        $5 == ">" && $9 ~ /(^|,)data/  { there[$4] = 1 }
        $5 == "<" && $9 ~ /(^|,)data/  { back[$4] = 1 }
        END {
            for (s in asked) n += answered[s] && there[s] && back[s]
            if (n < want) { print n + 0 " such connections"; exit 1 }
        }'
}

# hidden TEXT...: none of it is in the streams. That wire could not tell is no
# proof.
hidden() {
    local text status
    met || { echo 'no TLS connection with data is in the capture'; return 1; }
    for text; do
        status=0
        wire find "$text" || status=$?
        ((status == 1)) || return 1
    done
}

# hexdump NUMBER: one packet as `tcpdump -nnX` prints it.
hexdump() {
    tcpdump -nnX -r "$pcap" 2>/dev/null |
        awk -v want="$1" '/^[0-9]/ { n++ } n == want'
}

# in_hexdump TEXT: can it be read in what tcpdump -A prints?
in_hexdump() { tcpdump -nnA -r "$pcap" 2>/dev/null | grep -aqF -e "$1"; }
