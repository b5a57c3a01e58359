# find.bash - which lab is meant. Source it; do not run it.
# shellcheck shell=bash

# find_lab NUMBER: set LAB to its folder's name, "03-tls-ca" for 3 and for 03,
# and number to the number as people say it.
find_lab() {
    local two found last
    last=$(printf '%s\n' labs/[0-9]*/ | sed -n '$s,labs/0*\([0-9]*\).*,\1,p')
    printf -v two '%02d' "$((10#0${1//[^0-9]/}))"
    found=$(printf '%s\n' labs/"$two"-*/)
    if [[ ! $1 =~ ^[0-9]+$ || ! -d $found ]]; then
        echo "there is no lab $1; there are labs 1 to $last" >&2
        exit 2
    fi
    LAB=$(basename "$found")
    number=$((10#$two))
    export LAB number
}

# find_exercise NUMBER: a lab that has one.
find_exercise() {
    find_lab "$1"
    if [[ ! -f labs/$LAB/check.sh ]]; then
        echo "lab $number has no exercise yet" >&2
        exit 2
    fi
}

# graded FOLDER: one word that changes with the files that are graded there.
graded() {
    (cd "$1" && find . -name '*.[ch]' -type f -exec sha256sum {} + |
        sort | sha256sum | cut -c 1-16)
}
