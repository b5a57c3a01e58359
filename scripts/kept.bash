# kept.bash - what was found good is remembered, in build/kept/, by all that the
# verdict depends on. `make clean` forgets it. Source it.
#
#   sum                 the sha256 of what comes in: such a key
#   compiler CC         what tells one compiler from another, for a key
#   kept KEY [FILE]     was it found good? FILE becomes what was kept with it
#   keep KEY [FILE]     it is good: remember it, and FILE with it
#
# Only what is good is remembered; all else is looked at again. A file here is
# believed if it is ours or root's, names its key, and is whole. Anybody who can
# forge one can also write to build/ itself. Many may keep at the same time:
# each writes a file of its own and gives it its name when it is whole.
# shellcheck shell=bash

kept_in=build/kept
kept_most=600                 # files; those not used for longest go first

sum() { local all; all=$(sha256sum); echo "${all%% *}"; }

# compiler CC: its program, its words, the libraries of its sanitizers, and the
# variables that it obeys.
compiler() {
    local program
    program=$(command -v "$1") || return
    sha256sum <"$program"
    "$1" --version || return
    "$1" -print-file-name=libasan.so || :
    "$1" -print-file-name=libubsan.so || :
    env | grep -E '^(CPATH|[A-Z_]*INCLUDE_PATH|(LIBRARY|COMPILER)_PATH|GCC_.*|CCC_.*)=' | sort || :
}

kept() { [[ -f $kept_in/$1 ]] && believed "$@" 2>/dev/null <"$kept_in/$1"; }

# believed KEY [FILE]: what comes in is what was kept under this key.
believed() {
    local key want mark
    [[ -O /dev/stdin || $(stat -Lc %u /dev/stdin) == 0 ]] || return
    IFS=' ' read -r key want mark && [[ $key == "$1" && $mark == good ]] || return
    if [[ -n ${2-} ]]; then
        cat >"$2.kept"
        [[ $(sum <"$2.kept") == "$want" ]] || { rm -f "$2.kept"; return 1; }
        mv "$2.kept" "$2"
    fi
    touch -c "$kept_in/$1" || :
}

# keep KEY [FILE]: that nothing can be kept here is no reason to fail.
keep() {
    local new file=${2:-/dev/null} files
    mkdir -p "$(readlink -m "$kept_in")" 2>/dev/null || return 0
    new=$(mktemp "$kept_in/new.XXXXXX" 2>/dev/null) || return 0
    if ! { echo "$1 $(sum <"$file") good" && cat "$file"; } 2>/dev/null >"$new" ||
        ! chmod 644 "$new" || ! mv "$new" "$kept_in/$1"
    then
        rm -f "$new"
    fi 2>/dev/null
    files=("$kept_in"/*)
    ((${#files[@]} <= kept_most)) || forget_oldest
}

forget_oldest() {
    find "$kept_in/" -type f -printf '%T@ %p\n' | sort -rn |
        tail -n +$((kept_most * 3 / 4)) | cut -d ' ' -f 2- | xargs -r rm -f
}
