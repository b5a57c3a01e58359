# steps.bash - long proofs, step by step, told with their time. Source it; then
#
#   step COMMAND...      do this, and note how it ended; a failure stops nothing
#   proof FILE WORD...   the same, of a script that prints TAP
#   together STEP...     as many steps at a time as there are processors; each
#                        is one line of Bash
#   sum_up               the table of all steps, then `N passed, N failed`; its
#                        status is 1 if anything failed
#
# What a step proved is its last line `N passed, N failed`, or else its lines
# `ok` and `not ok`, or else itself. A skip is a failure here. CPU seconds are
# those of all processes that have ended and that somebody has waited for.
# shellcheck shell=bash
export LAB_STRICT=1 LC_ALL=C
begun=0                         # steps; each must be in the table at the end
steps=$(mktemp -d "${TMPDIR:-/tmp}/wirelab-steps.XXXXXX")
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A step is a process group: if we are told to end, all of it is.
leave() {
    local pid
    for pid in $(jobs -rp); do kill -TERM -- "-$pid" || :; done
    wait
    rm -rf "$steps"
}
begin() { set -m; "$@" & set +m; }

step() {
    if [[ -n ${in_group-} ]]; then
        one "${title:-$*}" "$@"
    else
        begun=$((begun + 1))
        begin one "${title:-$*}" "$@"
        wait "$!" || :
    fi
}

proof() {
    local title=$*
    step timeout --foreground -k 10 7200 \
        prove -v -e 'setpriv --pdeathsig TERM bash' "$1" :: "${@:2}"
}

# one TITLE COMMAND...: this step, begun already.
one() {
    local title=$1 note wall user system status=0 TIMEFORMAT='%R %U %S'; shift
    note=$(mktemp "$steps/step.XXXXXX")
    printf '\n== %s\n' "$title"
    { time "$@" </dev/null 2>&1; } 2>"$note.time" | tee "$note" || status=$?
    # The last line: before it, bash may have said that a signal ended it.
    read -r wall user system < <(tail -n 1 "$note.time")
    tally "$status" "$wall $user $system $title" "$note" >>"$steps/table"
    printf '== %.0f s: %s\n' "$wall" "$title"
}

# tally STATUS STEP OUTPUT: passed, failed, and the step: times and title.
tally() {
    awk -v status="$1" -v step="$2" '
        /^[0-9]+ passed, [0-9]+ failed/ {
            told = 1; good = $1; wrong = $3
            skips = match($0, /[0-9]+ skipped/) ? substr($0, RSTART) + 0 : 0
        }
        told              { next }
        /^ok .*# [Ss][Kk][Ii][Pp]/ { skips++; next }
        /^ok /            { good++ }
        /^not ok /        { wrong++ }
        END {
            wrong += skips
            if (status && !wrong) wrong = 1
            if (!status && !good && !wrong) good = 1
            print good + 0, wrong + 0, step
        }' "$3"
}

together() {
    local line
    for line; do
        begun=$((begun + 1))
        while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n || :; done
        begin apart "$line"
    done
    wait
}

# apart STEP: what it says comes in one piece, when it is over.
apart() {
    local said in_group=yes
    said=$(mktemp "$steps/said.XXXXXX")
    eval "$1" >"$said" 2>&1 || :
    flock "$steps" cat "$said"
}

sum_up() {
    printf '\n%6s %7s %6s %6s  %s\n' wall CPU passed failed step
    touch "$steps/table" 2>/dev/null || :
    awk -v wall="$SECONDS" -v begun="$begun" '
        {
            good += $1; wrong += $2; cpu += $4 + $5; title = $0
            sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", title)
            printf "%6.0f %7.0f %6d %6d  %s\n", $3, $4 + $5, $1, $2, title
        }
        END {
            if (NR != begun) {
                print begun - NR " steps were begun, and have no result"
                wrong += begun - NR
            }
            printf "%6.0f %7.0f %6d %6d  all\n%d passed, %d failed\n", \
            wall, cpu, good, wrong, good, wrong
            exit wrong || !good
        }' "$steps/table"
}
