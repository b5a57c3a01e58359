# stage.bash - what demonstrations, verifications and checks share: programs
# that are started, waited for and stopped. With it come capture.bash, which
# records their packets, and packets.bash, which asks about them.
# Source it; do not run it. scripts/lab says which lab and which network.
# shellcheck shell=bash
# shellcheck source=scripts/capture.bash
source scripts/capture.bash

export bin=build/$LAB ca=build/ca
limit=$((5 * ${LAB_TIMEOUT_SCALE:-1}))
export PORT=0                 # the system chooses, the server says which
[[ $LAB_NET != private ]] || PORT=4433
net_up
trap 'exit 130' INT TERM      # process 1 of a namespace ignores them otherwise

# impossible REASON: this machine does not let us; it is nobody's mistake.
impossible() { printf 'Bail out! not here: %s\n' "$1"; exit 77; }

# spawn COMMAND...: in a subshell of ours. It must not outlive us, nor hold our
# capture open. We may be killed before it has asked to die with us: then it ends.
spawn() {
    local still=()
    [[ $LAB_NET == private || $BASH_SUBSHELL != 1 ]] ||
        still=(sh -c "[ \$PPID = $$ ] && exec \"\$@\"" sh)
    [[ -z ${hold-} ]] || exec {hold}>&-
    exec setpriv --pdeathsig KILL "${still[@]}" "$@"
}

# await FILE PATTERN [PID]: wait until FILE has a line with it, in $line then, or
# the process is gone, or time is up. In small steps, which are counted: while bash
# reads, it does not bury children that have ended, and to tail an unburied one is
# alive; and a machine that stands still for a while has used one step.
await() {
    local lines tail part='' pid=${3:-$$} left=$((limit * 10)) end=$((SECONDS + limit * 4))
    exec {lines}< <(exec tail -n +1 -s 0.1 -f --pid="$pid" "$1" 2>/dev/null)
    tail=$! line=
    while ((left > 0 && SECONDS <= end)); do
        if IFS= read -r -t 0.1 line <&"$lines"; then
            line=$part$line part=
            [[ $line != *$2* ]] || break
        elif (($? > 128)); then
            part+=$line left=$((left - 1))     # a piece of a line, or nothing
        else
            line=$part$line                    # tail has ended
            break
        fi
    done
    kill "$tail" 2>/dev/null || :
    exec {lines}<&-
    [[ $line == *$2* ]]
}

# serve NAME COMMAND...: start a server; its words go to $scratch/NAME.log.
# Sets $port, and $NAME to its process.
serve() {
    local name=$1 log=$scratch/$1.log; shift
    : >"$log"
    (spawn "$@") </dev/null >"$scratch/$name.out" 2>>"$log" &
    printf -v "$name" '%s' "$!"
    await "$log" 'listening on' "$!" ||
        bail "$1 does not listen: $(tail -n 1 "$log")"
    export port=${line##*port }
    tell <<<"  $(printf '%-8s' "$name") $* -> ${line#*: }"
}

# stranger NAME READY COMMAND_LINE: start a server that is not ours, shown as it
# can be typed. It is ready when it prints READY; if it chose its own port, that
# is at the end of the line.
stranger() {
    local log=$scratch/$1.log
    port=$PORT
    tell <<<"    \$ $3"
    : >"$log"
    (spawn timeout -k 1 "$((limit * 4))" bash -c "$3") </dev/null >"$log" 2>&1 &
    printf -v "$1" '%s' "$!"
    await "$log" "$2" "$!" || bail "it is not ready: $(tail -n 1 "$log")"
    [[ ! $line =~ [0-9]+$ ]] || port=${BASH_REMATCH[0]}
}

# put DESCRIPTOR TEXT: a line for a program. One that has ended already does not
# read it, and must not end us.
put() { (trap '' PIPE; printf '%s\n' "$2" >&"$1") 2>/dev/null || :; }

# types COMMAND_LINE [TEXT [ANSWER]]: run it, shown as it can be typed, and type
# TEXT into it. Its input ends when the answer (TEXT again) has come, or when
# it has ended itself.
types() {
    tell <<<"    \$ $1"
    rm -f "$scratch/in"
    mkfifo "$scratch/in"
    : >"$scratch/out"
    status=0
    (spawn timeout -k 1 "$((limit * 2))" bash -c "exec $1") \
        <"$scratch/in" >"$scratch/out" 2>"$scratch/err" &
    local pid=$! in
    exec {in}>"$scratch/in"
    if [[ -n ${2-} ]]; then
        tell <<<"      $2"
        put "$in" "$2"
        await "$scratch/out" "${3:-$2}" "$pid" || :
    fi
    exec {in}>&-
    wait "$pid" || status=$?
}

# telling PATTERN: the lines of what it printed that tell something.
telling() {
    cat "$scratch/out" "$scratch/err" | grep -aE "$1" | awk '!seen[$0]++' |
        sed 's/^ */      /' | tell
}

# stop NAME: ask it to end, and wait until it has.
stop() {
    kill -TERM "${!1}" 2>/dev/null || :
    ends "$1"
}

# ends NAME: wait until it ends. Its status is in $ended.
ends() {
    export ended=0
    wait "${!1}" || ended=$?
    printf -v "$1" ''
}

# run COMMAND...: run it to its end, with bounded patience. What it prints is
# in $scratch/out and $scratch/err, its exit status in $status.
run() {
    status=0
    (spawn timeout -k 1 "$((limit * 2))" "$@") \
        >"$scratch/out" 2>"$scratch/err" || status=$?
}

# certificates: those of build/ca, good ones that last, and a zoo of today.
certificates() {
    local said
    ca/fresh "$ca" || said=$(ca/make-certs "$ca" 2>&1) || impossible "no certificates: $said"
}

# "${tls12[@]}" COMMAND...: the same program, but no newer than TLS 1.2.
export tls12=(env OPENSSL_CONF=labs/common/tls12.cnf)

# random: what nobody can know before this run.
random() { od -An -N6 -tx1 /dev/urandom | tr -d ' \n'; }

# show_run NAME SENT: what a program was given, and what it said.
show_run() {
    tell <<<"  $(printf '%-8s' "$1") sent     $2"
    [[ ! -s $scratch/out ]] || sed 's/^/           got      /' "$scratch/out" | tell
    [[ ! -s $scratch/err ]] || sed 's/^[^:]*: /           said     /' "$scratch/err" | tell
}

# said NAME TEXT: it is, or soon will be, in the log of this server.
said() {
    await "$scratch/$1.log" "$2" || { cat "$scratch/$1.log"; return 1; }
}

# forget NAME: what its log says from now on is about the next connection.
forget() { : >"$scratch/$1.log"; }

# settled NAME: wait until this server has done with a connection, for better or
# worse. If none came, the statements will say so.
settled() { said "$1" '@(goodbye|broken off|handshake:)' >/dev/null || :; }

# refused PATTERN: the program ended with 1, and said why.
refused() {
    [[ $status == 1 && $(<"$scratch/err") == *$1* ]] && return
    echo "status $status, and it said: $(<"$scratch/err")"
    return 1
}

# got_back TEXT: the program ended well, and printed just this.
got_back() {
    [[ $status == 0 && $(<"$scratch/out") == "$1" ]] && return
    echo "status $status, and it printed: $(<"$scratch/out")"
    cat "$scratch/err"
    return 1
}

# reverse TEXT: what `openssl s_server -rev` answers.
reverse() { awk '{ for (i = length($0); i; i--) printf "%s", substr($0, i, 1) }' <<<"$1"; }
