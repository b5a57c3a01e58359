# wire.bash - what the tests of the eye share. Source it after tap.bash.
# shellcheck shell=bash

: "${scratch:?source scripts/tap.bash first}"
# shellcheck source=scripts/tests/tool.bash
source scripts/tests/tool.bash
eye=build/captures/wire
make -s "$eye"

# compile NAME: a helper of these tests, which watches its own memory.
compile() {
    tool "$1" -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
        -fno-sanitize-recover=all "scripts/tests/$1.c" -lpcap
}

# craft NAME LINE...: write $scratch/NAME.pcap as craft.c explains it.
craft() {
    local name=$1; shift
    printf '%s\n' "$@" | "$scratch/craft" "$scratch/$name.pcap" "${link:-EN10MB}"
}

# shows TEXT NAME COLUMNS LINE...: these columns of `wire lines` must be these
# lines, blanks for TABs.
shows() {
    local text=$1 file=$scratch/$2.pcap columns=$3 want got; shift 3
    want=$(printf '%s\n' "$@")
    got=$("$eye" lines "$file" | cut -f "$columns" | tr '\t' ' ')
    if [[ $got == "$want" ]]; then
        ok "$text"
    else
        not_ok "$text" "$(diff <(echo "$want") <(echo "$got"))"
    fi
}

# The lines for craft that open a conversation and that end it, after so many
# sequence numbers of each side. In between lies what a test is about.
opening() { printf '%s\n' '> S 99 0 -' '< SA 499 100 -' '> A 100 500 -'; }
ending() { printf '%s\n' "> FA $1 $2 -" "< FA $2 $(($1 + 1)) -"; }

# For craft: NUMBER in so many bytes; TEXT with its length before it, in so many
# bytes; a TLS record of TYPE; a handshake message of TYPE; a ClientHello.
number() { printf '%0*x' $(($2 * 2)) "$1" | sed 's/../\\x&/g'; }
length() { local bare=${1//\\x??/.}; number ${#bare} "$2"; }
with_length() { length "$1" "$2"; printf %s "$1"; }
record() { number "$1" 1; printf '\\x03\\x03'; with_length "$2" 2; }
message() { number "$1" 1; with_length "$2" 3; }
hello() {
    local name; name=$(with_length "\\x00$(with_length "$1" 2)" 2)
    message 1 "\\x03\\x03$(printf 'R%.0s' {1..32})\\x00\\x00\\x02\\x13\\x01\\x01\\x00$(
        with_length "\\x00\\x00$(with_length "$name" 2)" 2)"
}
