# tool.bash - the helpers of tests that are written in C. Source it after tap.bash.
#
#   tool NAME WORD...   compile it into $scratch/NAME with these words: flags,
#                       sources, libraries. It is compiled once: what it was made
#                       of, all headers too, is its name in the memory.
# shellcheck shell=bash
# shellcheck source=scripts/kept.bash
source scripts/kept.bash

tool() {
    local made=${scratch:?}/$1 cc=("${CC:-cc}" -std=c17 -D_GNU_SOURCE) key; shift
    key=$({ echo "$*"; compiler "${cc[0]}"; "${cc[@]}" -E -P "$@"; } 2>/dev/null | sum)
    if ! kept "$key" "$made"; then
        "${cc[@]}" -o "$made" "$@" || return
        keep "$key" "$made"
    fi
    chmod +x "$made"
}
