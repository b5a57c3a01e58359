# exercise.bash - what is proved of every exercise. Source it; do not run it.
#
# The starter is not yet solved, for a named reason; the solution is; and each
# program of solutions/NN-name/wrong/, a mistake that people make, is refused
# first for the reason that it names. What the learner reads is stored in
# expect/; RECORD=1 stores it anew.
# shellcheck shell=bash
# shellcheck source=scripts/tap.bash
source scripts/tap.bash
# shellcheck source=scripts/tests/kit.bash
source scripts/tests/kit.bash

# check LAB FOLDER [NAME=VALUE...]: grade the programs in FOLDER, in the kit
# $kit. Sets $out and $status.
check() {
    local lab=$1 folder=$2; shift 2
    status=0
    out=$(cd "$kit" && env -u FORMAT SRC="$folder" "$@" \
        scripts/lab check "$((10#${lab%%-*}))" 2>&1) || status=$?
}

# candidates LAB FOLDER: all that is to be checked, one folder for each.
candidates() {
    local source=solutions/$1 wrong name program
    mkdir -p "$2"
    cp -r "labs/$1/exercise" "$2/starter"
    mkdir "$2/solution"
    cp "$source"/*.c "$2/solution"
    for wrong in "$source"/wrong/*.patch; do
        name=$(basename "$wrong" .patch)
        cp -r "$2/solution" "$2/$name"
        patch -s --batch --forward -d "$2/$name" <"$wrong"
    done
    for wrong in solutions/wrong/*.c; do
        name=$(basename "$wrong" .c)
        mkdir "$2/$name"
        for program in "$source"/*.c; do
            cp "$wrong" "$2/$name/${program##*/}"
        done
    done
}

# reason LAB NAME: the statement that it must fail at.
reason() {
    case $2 in
    solution) ;;
    starter) echo "$starter_fails_at" ;;
    *) [[ ! -e solutions/$1/wrong/$2.patch ]] ||
        sed -n '1s/^fails at: //p' "solutions/$1/wrong/$2.patch" ;;
    esac
}

# steady: what differs from run to run, by one name.
steady() {
    # How far one came that was stopped is luck: these lines are there or not,
    # and who crashes before he has read all is heard to reset.
    sed -E '/yours \| client: TLSv1.*verified$/d
        s/(turned away: )(Connection reset by peer|unexpected eof while reading)$/\1CUT OFF/
        s/\<[0-9a-f]{12}\>/RANDOM/g; s/\<[0-9a-f]{64}\>/PIN/g
        /yours > (RANDOM|\.\.\. and more)$/d
        s/it printed (0|[0-9]{4,}) bytes/it printed SOME bytes/
        s/localhost [0-9]+/localhost PORT/; s/port [0-9]+/port PORT/g; s/(127\.0\.0\.1|::1) port/ADDRESS port/g
        s,[^ ]*/wirelab\.[^/]*/,SCRATCH/,g; s,(sslv3|ssl/tls) alert,alert,
        s/(unable to get local)[a-z ]*/\1 .../    # where it is cut off depends on the address
        s/^(  network  ).*/\1.../; s,/[^ ]*/candidates/[a-z-]*/,FOLDER,g'
}

# grade_half LAB HALF: every other candidate, in a kit of its own.
grade_half() {
    local kit=$scratch/kit$2 i=0 folder name strict
    copy_kit "$kit"
    for folder in "$scratch"/candidates/*/; do
        (((i += 1) % 2 == $2)) || continue
        name=$(basename "$folder") strict=0
        [[ $name != solution ]] || strict=1
        check "$1" "${folder%/}" LAB_RUN_ID="$run_id" LAB_STRICT="$strict"
        printf '%s\n' "$out" >"$scratch/result/$name"
        echo "$status" >"$scratch/result/$name.status"
    done
}

# grade_all LAB: two at a time.
grade_all() {
    mkdir "$scratch/result"
    grade_half "$1" 0 &
    grade_half "$1" 1
    wait
}

first_refusal() { sed -n 's/^  not yet  //p' "$1" | head -n 1; }

# judged LAB NAME: it had the right verdict, for the right reason.
judged() {
    local got=$scratch/result/$2 want status
    want=$(reason "$1" "$2")
    status=$(<"$got.status")
    if [[ $2 == solution ]]; then
        ((status == 0)) && grep -q ': solved: all [0-9]* statements hold' "$got"
    elif [[ -z $want ]]; then    # wrong in every lab, at the first thing done
        ((status == 1)) && [[ $(grep -c '^  ok ' "$got") -le $by_words ]]
    else
        ((status == 1)) && [[ $(first_refusal "$got") == "$want" ]]
    fi || { echo "status $status, wanted: ${want:-solved, or nothing}"; cat "$got"; return 1; }
}

# as_stored LAB NAME: the learner reads what is stored.
as_stored() {
    local stored=solutions/$1/expect/$2.txt
    steady <"$scratch/result/$2" >"$scratch/text"
    if [[ -n ${RECORD-} ]]; then
        mkdir -p "${stored%/*}"
        cp "$scratch/text" "$stored"
    fi
    diff -u "$stored" "$scratch/text"
}

untouched() { (cd "$1" && find labs solutions scripts ca -type f -exec sha256sum {} +) | sort; }
none_left() { ! grep -lszF "LAB_RUN_ID=$run_id" /proc/[0-9]*/environ; }
starters_agree() {
    scripts/exercise/starters "$scratch/starters"
    diff -r "$scratch/starters/$1/exercise" "labs/$1/exercise"
}
quiet_build() {
    local said
    said=$(cd "$scratch/kit0" && LAB=$1 scripts/exercise/build "$2" 2>&1) ||
        { echo "$said"; return 1; }
    [[ -z $said ]] || { echo "$said"; return 1; }
}

# exercise LAB STATEMENT [N]: prove it all; the starter fails at STATEMENT, and
# N statements can be met with words alone.
exercise() {
    local lab=$1 name names
    starter_fails_at=$2 by_words=${3:-0} run_id=$$-$RANDOM
    candidates "$lab" "$scratch/candidates"
    names=("$scratch"/candidates/*/)
    plan $((2 * ${#names[@]} + 5))
    untouched . >"$scratch/before"
    grade_all "$lab"
    for name in "${names[@]}"; do
        name=$(basename "$name")
        case $name in
        solution) holds 'the solution is solved, with no skip' judged "$lab" "$name" ;;
        *) holds "$name is refused at: $(reason "$lab" "$name" | grep . || echo 'all of it')" judged "$lab" "$name" ;;
        esac
        holds "$name: the learner reads what is stored" as_stored "$lab" "$name"
    done
    holds 'the starter is what the solution makes of it' starters_agree "$lab"
    holds 'the starter compiles without a warning' quiet_build "$lab" "$scratch/candidates/starter"
    holds 'so does the solution' quiet_build "$lab" "$scratch/candidates/solution"
    holds 'no check has touched a file of anybody' \
        diff <(untouched "$scratch/kit0") "$scratch/before"
    holds 'no process is left' none_left
}
