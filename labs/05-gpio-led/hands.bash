# hands.bash - who presses, who types, what the LED shows, and what its lengths
# tell. A part of demo.sh: source it; do not run it.
# shellcheck shell=bash
# shellcheck source=scripts/stage.bash
source scripts/stage.bash

led=$scratch/led fifo=$scratch/button keys=''

# follow LOG INPUT COMMAND...: start it; its answers can be read from $answers.
follow() {
    : >"$1"
    exec {answers}< <(spawn "${@:3}" <"$2" 2>"$1")
    export client=$!
}

# hear: the next answer is in $answer; the LED, as it is now, in $states.
hear() {
    read -r -t "$limit" -u "$answers" answer || answer='no answer'
    draw "$@"
}

draw() {
    local lamp='( )  dark'
    [[ $(tail -n 1 "$led") != *On ]] || lamp='(*)  lit'
    states+="${lamp##* } "
    tell <<<"    $(printf '%-9s%-12s->  %-31s%s' "$1" "$2" "$answer" "$lamp")"
}

press() {
    timeout "$limit" bash -c "echo >'$fifo'" || bail 'nobody holds the button'
    hear press 'LED TOGGLE'
    heard+="${answer#OK } "
}

by_hand() {
    put "$keys" "$1"
    hear 'by hand' "$1"
}

# as NAME: one press, with the certificate of somebody else.
as() {
    run "$bin/client" localhost "$port" "$ca/ca.pem" "$ca/$1.pem" "$ca/$1.key" - <<<''
    answer=$(cat "$scratch/out")
    [[ -n $answer ]] || answer=$(sed -n '$s/.*: //p' "$scratch/err")
    draw "$1" 'LED TOGGLE'
}

# guess STREAM WAY LENGTH: read "on" from this length and "off" from one more.
# What comes before the client's first data belongs to the handshake.
guess() {
    wire lines | awk -F '\t' -v stream="$1" -v way="$2" -v on="$3" '
        $4 != stream { next }
        $5 == way && begun { n = split($9, record, ",")
            for (i = 1; i <= n; i++) {
                if (record[i] == "data/" on) printf "on "
                if (record[i] == "data/" (on + 1)) printf "off "
            } }
        $5 == ">" && $9 ~ /data/ { begun = 1 }'
}
