# tap.bash - statements, told one by one. Source it; do not run it.
#
# Demonstrations, checks and tests print TAP and nothing else: a plan, then a
# line for each statement, and "# " before any other text. scripts/show.awk
# turns it into what people see, and it alone decides the verdict: no counter
# in a script is believed.
# shellcheck shell=bash

# Sourced again by the same process, it goes on with what is there.
if [[ ${tap_of-} != "$BASHPID" ]]; then
    tap_of=$BASHPID n=0
    scratch=${TMPDIR:-/tmp}/wirelab.XXXXXX
    [[ $scratch != *[[:space:]]* ]] || scratch=/tmp/wirelab.XXXXXX # it is typed
    scratch=$(mktemp -d "$scratch")
    trap 'rm -rf "$scratch"' EXIT
fi

plan() { printf '1..%d\n' "$1"; }
tell() { sed 's/^/# /; s/^# $/#/'; }
ok()   { printf 'ok %d - %s\n' "$((n += 1))" "$1"; last "$1"; }
skip() { printf 'ok %d - %s # SKIP %s\n' "$((n += 1))" "$1" "$2"; last "$1"; }
bail() { printf 'Bail out! %s\n' "$1"; exit 70; }

# not_ok TEXT [DIAGNOSTICS]: it does not hold, and this is what was seen.
not_ok() {
    printf 'not ok %d - %s\n' "$((n += 1))" "$1"
    [[ -z ${2-} ]] || tell <<<"$2"
    last "$1"
}

# last TEXT: mutants.test wants to see one statement, LAB_ONLY, and none after
# it. The plan is not kept then, so that nobody takes this for a good end.
last() { [[ -z ${LAB_ONLY-} || $1 != "$LAB_ONLY" ]] || exit 0; }

# holds TEXT COMMAND...: the command must succeed.
holds() {
    local text=$1 out; shift
    if out=$("$@" 2>&1); then ok "$text"; else not_ok "$text" "$out"; fi
}

# says TEXT STATUS PATTERN COMMAND...: it must end with just this status, and
# what it prints must match the pattern. A refusal counts only for its reason.
says() {
    local text=$1 want=$2 pattern=$3 out status=0; shift 3
    out=$("$@" 2>&1) || status=$?
    if [[ $status == "$want" && $out == *$pattern* ]]; then
        ok "$text"
    else
        not_ok "$text" "$* ended with $status and said: ${out:-nothing}
expected: status $want and *$pattern*"
    fi
}
