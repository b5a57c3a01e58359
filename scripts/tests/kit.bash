# kit.bash - copies of the kit as it came. Source it; do not run it.
#
#   kit_files          what git keeps or would add, each name ended by a NUL;
#                      without git, all but what is built, captured and yours
#   kit_copy FOLDER    these files, in a folder that is made
#   starters FOLDER    the exercises in there as they are given out
#   copy_kit FOLDER    the parts that labs and exercises need, with what is built
# shellcheck shell=bash

kit_files() {
    local file
    if [[ -e .git ]] && git rev-parse >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard |
            while IFS= read -r -d '' file; do
                [[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"
            done
    else
        find . \( -path ./build -o -path ./my -o -path ./.lab -o -path ./.git -o \
            -path ./captures/run \) -prune -o ! -type d -printf '%P\0'
    fi
}

kit_copy() {
    mkdir -p "$1/captures/run" &&
        kit_files | tar -c --format=posix --null -T - | tar -x -C "$1" || return
    # Where git is asked what it keeps, it knows the names; that is enough.
    ! command -v git >/dev/null || (
        kit_files >"$1/captures/run/files" && cd "$1" &&
            git init -q --template= . &&
            git update-index -z --add --info-only --stdin <captures/run/files &&
            rm captures/run/files
    )
}

# starters FOLDER: what learners have done is not looked at: in this copy the
# exercises are as they are given out.
starters() {
    local mine=labs given=$1/labs exercise
    rm -rf "$given"/[0-9]*/exercise
    scripts/exercise/starters "$given" || return
    for exercise in "$given"/[0-9]*/exercise; do
        diff -rq "$exercise" "$mine${exercise#"$given"}" >/dev/null 2>&1 ||
            echo "  $mine${exercise#"$given"} is yours; the tests take the starter"
    done
}

# copy_kit FOLDER: the kit with what is built, to work in.
copy_kit() {
    mkdir -p "$1"
    cp -a Makefile labs scripts ca captures solutions build "$1"
    rm -rf "$1/captures/run"
}
