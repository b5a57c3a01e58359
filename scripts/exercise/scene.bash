# scene.bash - what happens in a check: peers that the check plays, and your
# program, which runs within bounds. A part of claims.bash.
# shellcheck shell=bash
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

export bin=build/exercise/$LAB         # your programs, not the lab's
patience=$((2 * ${LAB_TIMEOUT_SCALE:-1}))
# A report of the sanitizers is an end of its own. Leaks are not counted: what
# is not freed when a program ends, the system frees.
export ASAN_OPTIONS=exitcode=99:detect_leaks=0:hard_rss_limit_mb=1024
export UBSAN_OPTIONS=exitcode=99

acts=() seen=()               # what was done, and who has seen something
end='' left='' from=0         # how yours ended, and where its words begin
house=                        # the process of your server

act() { acts+=("$(printf '%-7s %s' "$1" "$2")"); }

# scene: a new one; what was done and seen before does not count any more.
scene() {
    acts=() seen=()
    rm -f "$scratch"/*.saw
    [[ -z $house ]] || from=$(stat -c %s "$scratch/err")
}

# meet NAME "WHAT IT DOES" COMMAND...: start a peer. Sets $port.
meet() {
    local name=$1 log=$scratch/$1.log
    act "$name" "$2"
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
    sed -e 's/^[a-z]*: //' -e '/^listening on/d' "$scratch/$1.log" \
        >"$scratch/$1.saw"
}

# caged SECONDS PROGRAM...: start yours, within bounds. How it ends can be read
# from $report; its words are in $scratch/out and $scratch/err.
caged() {
    act yours "${2##*/} ${*:3}"
    : >"$scratch/err"
    exec {report}< <(exec setpriv --pdeathsig TERM build/scripts/exercise/cage "$1" \
        /dev/fd/3 "${@:2}" 3>&1 <"$scratch/in" >"$scratch/out" 2>"$scratch/err")
    cage=$!
}

# ending SECONDS: wait for the end, in $end and $left.
ending() {
    IFS= read -r -t "$1" -u "$report" end ||
        bail "cage: $(tail -n 1 "$scratch/err")"
}
ended_all() {
    IFS= read -r -t "$limit" -u "$report" left || left=
    wait "$cage" || bail "cage ended with status $?"
    exec {report}<&-
}

# attempt INPUT PROGRAM ARGUMENT...: run yours to its end. Who runs out of time
# is stopped only after the peers have been asked what they saw: to be killed
# looks like a goodbye from outside.
attempt() {
    local name
    printf '%s' "$1" >"$scratch/in"
    from=0
    caged "$patience" "${@:2}"
    ending $((patience + limit))
    if [[ $end == late ]]; then
        for name in "${seen[@]}"; do told "$name"; done
        kill -TERM "$cage"
    fi
    ended_all
    leave
}

# open_house PROGRAM ARGUMENT...: start your server. Sets $port, empty if it
# does not listen.
open_house() {
    local limit=$patience
    : >"$scratch/in"
    caged $((10 * patience)) "$@"
    house=$cage port=
    ! await "$scratch/err" 'listening on' "$house" || port=${line##*port }
}

# close_house: SIGTERM, and how yours took it.
close_house() {
    kill -TERM "$house" 2>/dev/null || :
    ending $((patience + limit))
    ended_all
    house=
}

# visit NAME LINES SESSION [CERT KEY]: somebody says LINES to your server. What
# the visitor got is in $scratch/NAME.saw, and so are the words about it.
visit() {
    act "$1" "says: ${2//$'\n'/, }"
    seen+=("$1")
    timeout "$patience" build/scripts/exercise/visitor localhost "$port" "$ca/ca.pem" \
        "${@:3}" <<<"$2" >"$scratch/answers" 2>"$scratch/words" || :
    {
        cat "$scratch/answers"
        sed -e 's/^visitor: //' -e '/^TLSv/d' "$scratch/words"
    } >"$scratch/$1.saw"
}

# hung_up: wait until your server has closed what it had open: the capture then
# holds its end.
hung_up() {
    local i hex
    printf -v hex '%04X' "$port"
    for ((i = 0; i < 100 * patience; i++)); do
        awk -v port="$hex" '{ split($2, at, ":") }
            at[2] == port && ($4 == "01" || $4 == "08") { exit 1 }' \
            /proc/net/tcp* && return
        sleep 0.01             # the kernel tells nobody when
    done
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

# its_words: what yours has said in this scene, without noise.
its_words() {
    tail -c +$((from + 1)) "$scratch/err" | awk -f scripts/exercise/sanitizer.awk
}
