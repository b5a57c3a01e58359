# handout-page.bash - a handout as its runner sees it: its lines in $text, and in
# $steps where its steps are (see handout-steps.awk). Source it; do not run it.
# shellcheck shell=bash
# shellcheck source=scripts/terminal.bash
source scripts/terminal.bash

# read_page FILE: find its steps, and tell what is not run and why.
read_page() {
    local found
    mapfile -t text <"$1"
    found=$(awk -f scripts/handout-steps.awk "$1") || bail "${found##*$'\n'}"
    grep '^#' <<<"$found" || :
    mapfile -t steps < <(grep -v '^#' <<<"$found")
}

# rows FROM TO: these lines of the handout, TO not included.
rows() { (($1 >= $2)) || printf '%s\n' "${text[@]:$1 - 1:$2 - $1}"; }

# goes_on STEP TERMINAL: will what runs there be needed after this step?
goes_on() {
    local first output end terminal word
    while read -r first output end terminal word; do
        if [[ $terminal == "$2" ]]; then
            [[ ${text[first - 1]} != '$ '* ]]
            return
        fi
    done < <(printf '%s\n' "${steps[@]:$1 + 1}")
    return 1
}

never()    { return 1; }
has_word() { [[ ${heard[*]-} == *"$word"* ]]; }

# expect FROM TO: what a step should print goes to the file "expected", its
# exit status to $want.
expect() {
    want=0
    rows "$1" "$2" | sed '${/^\[exit [0-9]*\]$/d}' >"$scratch/expected"
    [[ ! ${text[$2 - 2]} =~ ^'[exit '([0-9]+)']'$ ]] || want=${BASH_REMATCH[1]}
}

# as_expected: is it what was heard? The file "merged" is the expected output,
# changed where it has to be.
as_expected() {
    : >"$scratch/heard"
    [[ ! -v heard[0] ]] || printf '%s\n' "${heard[@]}" >"$scratch/heard"
    awk -f scripts/handout-merge.awk "$scratch/expected" "$scratch/heard" >"$scratch/merged"
    cmp -s "$scratch/expected" "$scratch/merged"
}

# update: the handout with what was seen in this run, where that is different.
update() {
    local k next=1 first output end terminal word
    for k in "${!steps[@]}"; do
        [[ -f $scratch/new-$k ]] || continue
        read -r first output end terminal word <<<"${steps[k]}"
        rows "$next" "$output"
        cat "$scratch/new-$k"
        next=$end
    done
    rows "$next" "$((${#text[@]} + 1))"
}
