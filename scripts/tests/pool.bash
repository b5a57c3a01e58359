# pool.bash - the jobs of a run, and who waits for whom. Source it; do not run it.
#
# run sets work, results, labs, tries, slots (so many jobs at once) and
# can_be_apart (a job may have a network of its own here).
# shellcheck shell=bash

: "${work=}" "${results=}" "${tries=}" "${slots=}" "${can_be_apart=}"
jobs=()                         # WHO WHERE COMMAND: scripts/tests/job explains it
line=() tried=() running=()     # those that wait, how often, and pid -> job
failed=() late=()               # those that do not hold; at the second try only
good=0 wrong=0 skips=0          # statements, of all that have ended
outside=                        # the one that is on the machine itself

# job WHO WHERE COMMAND: it is to be done. jobs_of TEST [NUMBER]: those that its
# head asks for.
job() { jobs+=("$*"); }
jobs_of() {
    local test=$1 where=apart number numbers=('')
    [[ $can_be_apart ]] && ! grep -q '^# Runs on the machine itself' "$test" || where=here
    ! grep -q '^# Runs lab by lab' "$test" || numbers=("${labs[@]/#/ }")
    [[ ! ${2-} || ! ${numbers[0]} ]] || numbers=(" $2")
    for number in "${numbers[@]}"; do
        job user "$where" "$test$number"
        ((EUID)) || ! grep -q '^# Runs as root, too' "$test" ||
            job root "$where" "$test$number"
    done
}

# longest_first: sort the jobs by what they took the last time; one that has
# never been seen may be the longest.
longest_first() {
    touch "$results/times"
    mapfile -t jobs < <(printf '%s\n' "${jobs[@]}" | awk -F '\t' '
        FILENAME != "-" { seconds[$3] = $1; next }
        { print ($0 in seconds ? seconds[$0] : 999) "\t" $0 }' "$results/times" - |
        sort -s -t $'\t' -k 1,1nr | cut -f 2-)
}

# start JOB: in the background. next: set $next to the first in line that may
# start now.
start() {
    local who where command words
    read -r who where command <<<"${jobs[$1]}"
    read -ra words <<<"$command"
    tried[$1]=$((${tried[$1]-0} + 1))
    number=$1 setpriv --pdeathsig KILL scripts/tests/job "$who" "$where" \
        "${tried[$1]}" "${words[@]}" &
    running[$!]=$1
    [[ $where != here ]] || outside=$1
}
next() {
    for next in "${line[@]}"; do
        [[ $outside && ${jobs[next]} == *' here '* ]] || return 0
    done
    return 1
}

# reap: wait for one to end, and count. What failed is tried once more, while the
# others go on. What took too long is not tried again.
reap() {
    local pid status=0 at g=0 w=1 s=0 wall=0 cpu=0 ended=
    wait -n -p pid "${!running[@]}" || status=$?
    at=${running[$pid]}
    unset "running[$pid]"
    [[ $outside != "$at" ]] || outside=
    read -r g w s wall cpu ended 2>/dev/null <"$work/result.$at" ||
        echo "  ${jobs[at]}: it ended with status $status, and without a result"
    rm -f "$work/result.$at"
    printf '%s\t%s\t%s\n' "$wall" "$cpu" "${jobs[at]}" \
        2>/dev/null >>"$work/times" || :       # no room for it is no reason to end
    if ((w > 0 && tried[at] < tries && ended != 124)); then
        echo "once more: ${jobs[at]}"
        line+=("$at")
        return
    fi
    good=$((good + g)) wrong=$((wrong + w)) skips=$((skips + s))
    if ((w)); then failed+=("$at"); elif ((tried[at] > 1)); then late+=("$at"); fi
}

# pool JOB...: these, so many at a time.
pool() {
    local i
    line=("$@")
    while :; do
        while ((${#running[@]} < slots)) && next; do
            for i in "${!line[@]}"; do
                [[ ${line[i]} != "$next" ]] || unset "line[$i]"
            done
            start "$next"
        done
        ((${#running[@]})) || break
        reap
    done
}

# stop: none of them goes on.
stop() {
    local pid
    for pid in "${!running[@]}"; do kill "$pid" 2>/dev/null || :; done
    wait
}
