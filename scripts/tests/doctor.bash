# doctor.bash - `make doctor` on machines that lack something. Source it.
#
# $kit is a copy of the kit, and `path.bash` says what the machine has.
# shellcheck shell=bash
# shellcheck source=scripts/tap.bash
source scripts/tap.bash
# shellcheck source=scripts/needs.bash
source scripts/needs.bash
# shellcheck source=scripts/tests/path.bash
source scripts/tests/path.bash

# A copy of the kit that anybody can read, in a folder with a space.
kit="$scratch/a kit"
chmod 755 "$scratch"
mkdir -p "$kit/scripts" "$kit/build"
cp scripts/doctor scripts/*.bash "$kit/scripts"
own_path
for name in cc clang aarch64-linux-gnu-gcc; do ask_once "$name"; done

# doctor [NAME=VALUE...]: run it with our PATH. No packets, unless CAPTURE= is
# given, because trying that takes its time.
doctor() {
    env -i PATH="$bin" CAPTURE=none "$@" "$BASH" "$kit/scripts/doctor"
}
as_user() {
    local user=()
    ((EUID != 0)) || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    env -i PATH="$bin" CAPTURE=none "${user[@]}" "$BASH" "$kit/scripts/doctor"
}

# finds TEXT STATUS PATTERN COMMAND...: as `says`, and no error of the shell.
finds() {
    local text=$1 want=$2 pattern=$3 out status=0; shift 3
    out=$("$@" 2>&1) || status=$?
    if [[ $out =~ (not found|unbound|line [0-9]+:|No such file|syntax error) ]]
    then
        not_ok "$text" "an error of the shell:
$out"
    elif [[ $status == "$want" && $out == *$pattern* ]]; then
        ok "$text"
    else
        not_ok "$text" "it ended with $status and said:
$out
expected: status $want and *$pattern*"
    fi
}
