# exercise.bash - what the checks of exercises share. Source it; do not run it.
#
# A check is a row of scenes. In each, your program meets peers that the check
# plays, and then claims are made about what happened. The first claim that
# does not hold ends the check: it says what was done, what was seen, what was
# expected, what this usually means, and what to run next.
# shellcheck shell=bash
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

export bin=build/exercise/$LAB         # your programs, not the lab's
patience=$((2 * ${LAB_TIMEOUT_SCALE:-1}))
number=$((10#${LAB%%-*}))
# A report of the sanitizers is an end of its own. Leaks are not counted: what
# is not freed when a program ends, the system frees.
export ASAN_OPTIONS=exitcode=99:detect_leaks=0:hard_rss_limit_mb=1024
export UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
done=() seen=() end=

# scene: a new one; what was done and seen before does not count any more.
scene() {
    done=() seen=() end=
    rm -f "$scratch"/*.saw
}

# meet NAME "WHAT IT DOES" COMMAND...: start a peer. Sets $port.
meet() {
    local name=$1 log=$scratch/$1.log
    done+=("$(printf '%-7s %s' "$name" "$2")")
    seen+=("$name")
    shift 2
    : >"$log"
    (spawn "$@") </dev/null >"$scratch/$name.out" 2>"$log" &
    printf -v "$name" '%s' "$!"
    await "$log" 'listening on' "$!" || bail "$name: $(tail -n 1 "$log")"
    port=${line##*port }
}

# leave: the peers have time to notice that nobody is there, and end.
leave() {
    local name
    for name in "${seen[@]}"; do
        [[ -z ${!name-} ]] || stop "$name"
        [[ -e $scratch/$name.saw ]] || told "$name"
    done
}

# told NAME: keep what this peer has said by now, without its own name.
told() {
    sed -e 's/^[a-z]*: //' -e '/^listening on/d' -e '/^stopped$/d' \
        "$scratch/$1.log" >"$scratch/$1.saw"
}

# attempt INPUT PROGRAM ARGUMENT...: run yours, within bounds. How it ended is
# in $end. Who runs out of time is stopped only after the peers have been
# asked what they saw: to be killed looks like a goodbye from outside.
attempt() {
    local report cage name
    printf '%s' "$1" >"$scratch/in"
    shift
    done+=("$(printf '%-7s %s' yours "${1##*/} ${*:2}")")
    exec {report}< <(exec setpriv --pdeathsig TERM \
        build/scripts/cage "$patience" /dev/fd/3 "$@" \
        3>&1 <"$scratch/in" >"$scratch/out" 2>"$scratch/err")
    cage=$!
    IFS= read -r -t $((patience + limit)) end <&"$report" ||
        bail "cage: $(tail -n 1 "$scratch/err")"
    if [[ $end == late ]]; then
        for name in "${seen[@]}"; do told "$name"; done
        kill -TERM "$cage"
    fi
    IFS= read -r -t "$limit" left <&"$report" || left=
    wait "$cage" || bail "cage ended with status $?"
    exec {report}<&-
    leave
}

# certificates_of_today: those that are there will do, if they are fresh.
certificates_of_today() {
    [[ -n $(find "$ca" -name expired.pem -mmin -720) ]] || certificates
}

# claim TEXT COMMAND... <<MEANING: what COMMAND prints when it fails is what
# was expected instead. Then the check is over: one thing at a time.
claim() {
    local text=$1 expected meaning; shift
    meaning=$(cat)
    if expected=$("$@"); then
        ok "$text"
        return
    fi
    not_ok "$text" "$(refusal "$expected" "$meaning")"
    exit 0
}

# claim_wire TEXT COMMAND... <<MEANING: a claim about packets.
claim_wire() {
    if [[ $LAB_NET == none ]]; then
        skip "$1" "no capture here: $LAB_WHY"
    else
        claim "$1" wired "${@:2}"
    fi
}
wired() { whole && "$@"; }

# refusal EXPECTED MEANING: the five parts.
refusal() {
    local name i=0 step meaning=$2
    if grep -q 'Sanitizer\|runtime error:' "$scratch/err"; then
        meaning='Your program used memory that is not its own, or did a sum that has no
result. The line named above is where; compare sizes there: of the
buffer, of what is read, of what is written.'
    fi
    {
        echo 'what was done'
        for step in "${done[@]}"; do echo "  $((i += 1)). $step"; done
        echo 'what was seen'
        for name in "${seen[@]}"; do
            clip "$name |" "$scratch/$name.saw"
        done
        clip 'yours >' "$scratch/out"
        awk -f scripts/sanitizer.awk "$scratch/err" >"$scratch/short"
        clip 'yours |' "$scratch/short"
        echo "  yours   $(how_it_ended)"
        echo 'expected'
        echo "  ${1//$'\n'/$'\n  '}"
        echo 'what this usually means'
        echo "  ${meaning//$'\n'/$'\n  '}"
        echo 'what to run next'
        echo "  make hint-$number"
    } | sed 's/^/           /'
}

# clip PREFIX FILE: what fits on the screen.
clip() {
    head -c 4096 "$2" | LC_ALL=C tr -c '\n -~' . | cut -c -70 |
        awk -v prefix="  $1" 'NR <= 8 { print prefix " " $0 } END {
            if (NR > 8) print prefix " ... and more" }'
}

# how_it_ended: in words.
how_it_ended() {
    case $end in
    'exited 0')  echo 'ended well, with status 0' ;;
    'exited 99') echo 'was stopped by the sanitizer' ;;
    exited*)     echo "ended with status ${end#exited }" ;;
    killed*11)   echo 'crashed: segmentation fault (signal 11)' ;;
    killed*)     echo "was $end" ;;
    late)        echo "still running after $patience s; stopped" ;;
    flood)       echo 'printed over 1 MiB; stopped' ;;
    deaf)        echo 'did not end at SIGTERM; killed' ;;
    esac
    [[ -z $left ]] || echo "  yours   left ${left#left } processes behind; killed"
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
        clip '' "$1"
        echo "it printed $(wc -c <"$scratch/out") bytes$(apart "$1")"
        return 1
    fi
    ended_with 0
}
apart() {
    cmp "$1" "$scratch/out" 2>/dev/null |
        sed 's/.* differ: [a-z]* \([0-9]*\), .*/, other ones from byte \1 on/'
}

saw() { # NAME TEXT: the peer has said this
    grep -qF -e "$2" "$scratch/$1.saw" && return
    echo "$1 | ... $2"
    return 1
}
