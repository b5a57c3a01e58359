# servers.bash - the labs' servers and strangers', all of which echo, started
# with the same certificates. Source it.
#
#   servers NAME...    start these; at[NAME] is its port, pid[NAME] its process
#   private NAME       KiB of memory that it and its family share with nobody
# shellcheck shell=bash
# shellcheck source=scripts/tests/fire.bash
source scripts/tests/fire.bash
export next=4500 backend=raw
declare -A at pid
trap 'kill -KILL "${pid[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT

# certificates KIND: set $dir to a folder with ca, crl, server and client.
certificates() {
    local name
    dir=$ca
    [[ $1 == rsa ]] || return 0
    dir=$scratch/rsa
    [[ ! -d $dir ]] || return 0
    mkdir -p "$dir/ca.issued"
    touch "$dir/ca.issued/index" "$dir/ca.issued/chain"
    echo 01 >"$dir/ca.issued/crlnumber"
    openssl req -x509 -config ca/openssl.cnf -extensions profile_root -newkey rsa:2048 \
        -noenc -subj '/CN=bench' -days 9 -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
    for name in server client; do
        openssl req -config ca/openssl.cnf -newkey rsa:2048 -noenc -subj "/CN=$name" \
            -keyout "$dir/$name.key" -out "$dir/$name.csr" 2>/dev/null
        ca/sign "$dir/ca" "$dir/$name" "$name" DNS:localhost >/dev/null
    done
    ca/make-crl "$dir/ca" >/dev/null
    mv "$dir/ca.crl" "$dir/crl.pem"
}

# start NAME COMMAND...: @ in the command is the server's port.
start() {
    local name=$1; shift
    ! command -v "$1" >/dev/null && [[ $1 != */* ]] && return
    at[$name]=$((next += 1))
    "${mortal[@]}" "${@//@/${at[$name]}}" <&"$silence" >"$scratch/$name.log" 2>&1 &
    pid[$name]=$!
    await eval "ss -Hltn 'sport = :${at[$name]}' | grep -q ." ||
        { echo "bench: $name does not start: $(<"$scratch/$name.log")" >&2; unset "at[$name]"; }
}

# stunnel_for NAME [LINE]...: it passes on to the server named $backend.
stunnel_for() {
    local conf=$scratch/$1.conf
    printf '%s\n' foreground=yes pid= debug=err '[echo]' "accept=127.0.0.1:$((next + 1))" \
        "connect=127.0.0.1:${at[$backend]}" "cert=$dir/server.pem" "key=$dir/server.key" \
        "${@:2}" >"$conf"
    start "$1" "$(command -v stunnel4 || echo stunnel)" "$conf"
}

# one NAME: what it is, and after a dash, with which key, and whether mutual.
one() {
    local name=$1 kind=${1#*-} pair mutual socat s_server
    certificates "$kind"
    pair=("$dir/server.pem" "$dir/server.key") mutual=("$dir/ca.pem" "$dir/crl.pem")
    socat=fork,reuseaddr,nodelay,cert=$dir/server.pem,key=$dir/server.key
    s_server=(openssl s_server -accept 127.0.0.1:@ -rev -cert "${pair[0]}" -key "${pair[1]}"
        -cert_chain "${pair[0]}")
    case $name in
    raw)        start raw "$scratch/dialer" echo @ ;;
    lab1)       start lab1 build/01-tcp/server 127.0.0.1 @ ;;
    socat1)     start socat1 socat TCP-LISTEN:@,bind=127.0.0.1,fork,reuseaddr,nodelay PIPE ;;
    ncat1)      start ncat1 ncat -l 127.0.0.1 @ -k --exec /bin/cat ;;
    lab2-*)     start "$name" build/02-tls/server 127.0.0.1 @ "${pair[@]}" ;;
    lab4-*)     start "$name" build/04-mtls/server 127.0.0.1 @ "${pair[@]}" "${mutual[@]}" ;;
    lab5)       start lab5 build/05-gpio-led/server 127.0.0.1 @ "${pair[@]}" "${mutual[@]}" "$scratch/led" ;;
    s_server-*) start "$name" "${s_server[@]}" ;;
    s_asks-*)   start "$name" "${s_server[@]}" -Verify 3 -verify_return_error \
        -CAfile "${mutual[0]}" ;;
    socat-*)    start "$name" socat "OPENSSL-LISTEN:@,bind=127.0.0.1,$socat,verify=0" PIPE ;;
    socat_asks-*) start "$name" socat \
        "OPENSSL-LISTEN:@,bind=127.0.0.1,$socat,verify=1,cafile=$dir/ca.pem" PIPE ;;
    ncat-*)     start "$name" ncat -l 127.0.0.1 @ -k --exec /bin/cat \
        --ssl --ssl-cert "${pair[0]}" --ssl-key "${pair[1]}" ;;
    stunnel-*)  stunnel_for "$name" ;;
    stunnel_asks-*) stunnel_for "$name" "CAfile=$(realpath "$dir/ca.pem")" verifyChain=yes ;;
    esac
}

servers() {
    local name
    for name; do [[ -n ${at[$name]-} ]] || one "$name"; done
}

# family PID: it, its children, and theirs.
family() {
    local child children=()
    echo "$1"
    read -ra children 2>/dev/null <"/proc/$1/task/$1/children" || :
    for child in "${children[@]}"; do family "$child"; done
}

private() {
    local p
    for p in $(family "${pid[$1]}"); do
        awk '/^Private_Dirty:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null || :
    done | awk '{ sum += $1 } END { print sum + 0 }'
}
