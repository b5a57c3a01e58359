# ca.bash - what the scripts of the CA share. Source it; do not run it.
#
#   die WORDS...         say what is wrong, and stop
#   run COMMAND...       run it, quiet unless it fails; with V=1 show it first
#   save FILE COMMAND... the same, with the output into FILE
#   making FILE...       these are made now: refuse if one is there already
#   made WORDS...        all of them are whole: keep them, and say so
# shellcheck shell=bash

set -euo pipefail
umask 077                          # a key is for its owner only
export LC_ALL=C
export OPENSSL_CONF=${BASH_SOURCE[0]%/*}/openssl.cnf  # not the system's

half=()                            # what to take away if we do not finish

die() { echo "${0##*/}: $*" >&2; exit 1; }

usage() {                          # the comment at the top of the script
    awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$0" >&2
    exit 2
}

# The words of a command as one can type them.
typed() {
    local word
    for word; do
        [[ $word != *[!A-Za-z0-9_./:,=@%+-]* && -n $word ]] || word=${word@Q}
        printf '%s ' "$word"
    done
}

show() { [[ -z ${V:-} ]] || echo "$*" >&2; }

run() {
    local words out
    words=$(typed "$@")
    show "${words% }"
    out=$("$@" 2>&1) || die "this failed: ${words% }"$'\n'"$out"
}

save() {
    local file=$1 words; shift
    words=$(typed "$@")
    show "$words>$(typed "$file")"
    "$@" >"$file" || die "cannot write $file"
}

making() {
    local file
    for file; do
        [[ ! -e $file ]] || die "$file exists already; it is never" \
            "overwritten. If nobody needs it, remove it first."
        [[ -w $(dirname -- "$file") ]] ||
            die "$file: no folder that can be written to"
    done
    half+=("$@")
}

made() { half=(); echo "$*"; }

need() {
    local file
    for file; do
        [[ -r $file ]] || die "$file: not there, or not to be read"
    done
}

# A register makes a CA of NAME: what it has signed, and what it has revoked.
new_register() {
    run mkdir "$1.issued"
    run touch "$1.issued/index"
    save "$1.issued/crlnumber" echo 01
}

command -v openssl >/dev/null || die 'openssl is not installed:' \
    './scripts/setup installs what the kit needs'
trap '[[ ${#half[@]} == 0 ]] || rm -rf -- "${half[@]}"' EXIT
