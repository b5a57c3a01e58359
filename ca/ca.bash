# ca.bash - what the scripts of the CA share. Source it; do not run it.
#
#   die WORDS...         say what is wrong, and stop
#   run COMMAND...       run it, quiet unless it fails; with V=1 show it first
#   add FILE COMMAND...  the same, and what it prints goes to the end of FILE
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

# show COMMAND...: with V=1, the command as one can type it
show() {
    local word line=
    [[ -n ${V:-} ]] || return 0
    for word; do
        case $word in
        '>>' | '|') ;;
        '' | *[!A-Za-z0-9_./:,=@%+-]*) word=${word@Q} ;;
        esac
        line+=" $word"
    done
    echo "${line# }" >&2
}

run() {
    local out
    show "$@"
    if ! out=$("$@" 2>&1); then
        echo "${0##*/}: this did not work:" >&2
        V=1 show "$@"
        die "$out"
    fi
}

add() {
    local file=$1; shift
    show "$@" '>>' "$file"
    "$@" >>"$file" || die "cannot write to $file"
}

making() {
    local file folder
    for file; do
        folder=.
        [[ $file != */* ]] || folder=${file%/*}
        [[ ! -e $file ]] || die "$file is there already and is never" \
            'overwritten: if nobody needs it, remove it first'
        [[ -d $folder && -w $folder ]] || die "$file: cannot write to $folder/"
    done
    half+=("$@")
}

made() { half=(); echo "$*"; }

need() {
    local file
    for file; do
        [[ -e $file ]] || die "$file: no such file"
        [[ -f $file && -r $file ]] || die "$file: cannot be read"
    done
}

# A register makes a CA of NAME: what it has signed, and what it has revoked.
new_register() {
    run mkdir "$1.issued"
    run touch "$1.issued/index"
    add "$1.issued/crlnumber" echo 01
}

command -v openssl >/dev/null || die 'openssl is not installed:' \
    './scripts/setup installs what the kit needs'
trap '[[ ${#half[@]} == 0 ]] || rm -rf -- "${half[@]}"' EXIT
