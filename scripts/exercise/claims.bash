# claims.bash - what the checks of exercises share. Source it; do not run it.
#
# A check is a row of scenes. In each, your program meets peers that the check
# plays, and then claims are made about what happened. The first claim that
# does not hold ends the check: it says what was done, what was seen, what was
# expected, what this usually means, and what to run next.
# shellcheck shell=bash
# shellcheck source=scripts/exercise/scene.bash
source scripts/exercise/scene.bash

# claim TEXT COMMAND... <<MEANING: what COMMAND prints when it fails is what
# was expected instead. Then the check is over: one thing at a time.
claim() {
    local text=$1 expected meaning; shift
    meaning=$(cat)
    if expected=$("$@"); then
        ok "$text"
        return
    fi
    [[ -z $house ]] || close_house
    not_ok "$text" "$(refusal "$expected" "$meaning")"
    exit 0
}

# claim_wire TEXT COMMAND... <<MEANING: a claim about packets. Packets that the
# kernel has lost are nobody's mistake.
claim_wire() {
    if [[ $LAB_NET == none ]]; then
        skip "$1" "no capture here: $LAB_WHY"
    elif ! grep -q '^0 packets dropped' "$scratch/tcpdump.log"; then
        impossible 'the kernel dropped packets; try again'
    else
        claim "$1" wired "${@:2}"
    fi
}
wired() { whole && "$@"; }

# refusal EXPECTED MEANING: the five parts.
refusal() {
    local name i=0 act meaning=$2
    if grep -q 'Sanitizer\|runtime error:' "$scratch/err"; then
        meaning='Your program used memory that is not its own, or did a sum that has no
result. The line named above is where; compare sizes there: of the
buffer, of what is read, of what is written.'
    fi
    {
        echo 'what was done'
        for act in "${acts[@]}"; do echo "  $((i += 1)). $act"; done
        echo 'what was seen'
        for name in "${seen[@]}"; do
            clip "$name |" <"$scratch/$name.saw"
        done
        clip 'yours >' <"$scratch/out"
        its_words | clip 'yours |'
        echo "  yours   $(how_it_ended)"
        echo 'expected'
        echo "  ${1//$'\n'/$'\n'  }"
        echo 'what this usually means'
        echo "  ${meaning//$'\n'/$'\n'  }"
        echo 'what to run next'
        echo "  make hint-$((10#${LAB%%-*}))"
    } | sed 's/^/           /'
}

# clip PREFIX: what fits on the screen.
clip() {
    { head -c 4096; cat >/dev/null; } | tr -c '\n -~' . | cut -c -70 |
        awk -v prefix="  $1" 'NR <= 8 { print prefix " " $0 } END {
            if (NR > 8) print prefix " ... and more" }'
}

# What a claim can be about. Each prints what it expected, if it did not come.

ended_with() { # STATUS
    [[ $end == "exited $1" && -z $left ]] && return
    echo "it ends by itself, with status $1, and leaves nothing behind"
    return 1
}

printed() { # FILE: just this, and a good end
    if ! cmp -s "$1" "$scratch/out"; then
        echo "it prints all of the answer, $(wc -c <"$1") bytes:"
        clip '' <"$1"
        echo "it printed $(wc -c <"$scratch/out") bytes$(apart "$1")"
        return 1
    fi
    ended_with 0
}
apart() {
    cmp "$1" "$scratch/out" 2>/dev/null |
        sed 's/.* differ: [a-z]* \([0-9]*\), .*/, other ones from byte \1 on/'
}

listens() {
    [[ -n $port ]] && return
    echo 'it says "listening on HOST port PORT" when it can be reached'
    return 1
}

saw() { # NAME TEXT: the peer has said this
    grep -qF -e "$2" "$scratch/$1.saw" && return
    echo "$1 | ... $2"
    return 1
}
