# servers.bash - the labs' servers and strangers', all of which echo, started
# with the same certificates. Source it.
#
#   servers NAME...    start these; at[NAME] is its port, pid[NAME] its process
#   alike NAME...      do they send as many certificates as the first of them?
#                      One that does not is named, and left out from then on
#   everybody          the processes of all servers
#   private NAME       KiB of memory that it and its family share with nobody
# shellcheck shell=bash
# shellcheck source=scripts/tests/fire.bash
source scripts/tests/fire.bash
# shellcheck source=scripts/needs.bash
source scripts/needs.bash
export next=4500 backend=raw
declare -A at pid sent unfair
trap 'stop_all; rm -rf "$scratch"' EXIT

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
    cat "$dir/server.pem" "$dir/ca.pem" >"$dir/server-and-ca.pem"
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

# nginx_for NAME [LINE]...: the same with nginx: a worker for each processor.
# All that it writes is in a folder of ours. If we die, it ends by itself.
nginx_for() {
    local folder=$scratch/$1.nginx cert=$dir/server.pem
    # Whoever knows the CA of clients sends it, too, where no chain is given. That
    # is what OpenSSL does; nginx has to be told.
    [[ $1 != nginx_asks-* || ! -f $dir/server-and-ca.pem ]] || cert=$dir/server-and-ca.pem
    find_nginx >/dev/null 2>&1 || return 0
    mkdir "$folder"
    printf '%s\n' "$stream" 'daemon off;' "worker_processes $(nproc);" 'error_log stderr;' \
        "pid \"$folder/pid\";" 'events { }' 'stream {' 'ssl_protocols TLSv1.2 TLSv1.3;' \
        "ssl_certificate \"$(realpath "$cert")\";" \
        "ssl_certificate_key \"$(realpath "$dir/server.key")\";" "${@:2}" \
        "server { listen 127.0.0.1:$((next + 1)) ssl; proxy_pass 127.0.0.1:${at[$backend]}; }" \
        '}' >"$folder/conf"
    start "$1" setpriv --pdeathsig TERM "${nginx[@]}" -p "$folder" -c "$folder/conf"
    await eval "(($(nproc) < \$(family ${pid[$1]} | wc -l)))"
}

# one NAME: what it is, and after a dash, with which key, and whether mutual.
one() {
    local name=$1 kind=${1#*-} pair mutual socat s_server chain=()
    certificates "$kind"
    pair=("$dir/server.pem" "$dir/server.key") mutual=("$dir/ca.pem" "$dir/crl.pem")
    socat=fork,reuseaddr,nodelay,cert=$dir/server.pem,key=$dir/server.key
    # Of -cert it takes the first certificate only: the rest must be given apart.
    [[ ! -f $dir/intermediate.pem ]] || chain=(-cert_chain "$dir/intermediate.pem")
    s_server=(openssl s_server -accept 127.0.0.1:@ -rev -cert "${pair[0]}" -key "${pair[1]}"
        "${chain[@]}")
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
    nginx-*)    nginx_for "$name" ;;
    nginx_asks-*) nginx_for "$name" 'ssl_verify_client on;' 'ssl_verify_depth 3;' \
        "ssl_client_certificate \"$(realpath "$dir/ca.pem")\";" \
        "ssl_crl \"$(realpath "$dir/crl.pem")\";" ;;
    esac
}

servers() {
    local name
    for name; do [[ -n ${at[$name]-}${unfair[$name]-} ]] || one "$name"; done
}

# sends NAME: how many certificates.
sends() {
    timeout 10 openssl s_client -connect "127.0.0.1:${at[$1]}" -showcerts \
        ${CERT:+-cert "$CERT" -key "$KEY" -cert_chain "$CERT"} </dev/null 2>/dev/null | grep -c 'BEGIN CERT' || :
}

# alike: a certificate more is work for the client, too, and makes a server seem
# slower than it is.
alike() {
    local name want=''
    for name; do
        [[ -n ${at[$name]-} ]] || continue
        : "${sent[$name]:=$(sends "$name")}"
        : "${want:=${sent[$name]}}"
        [[ ${sent[$name]} != "$want" ]] || continue
        unfair[$name]="$name sends ${sent[$name]} certificates, $1 $want: it is left out"
        echo "bench: ${unfair[$name]}" >&2
        unset "at[$name]"
    done
}

# family PID: it, its children, and theirs.
family() {
    local child children=()
    echo "$1"
    read -ra children 2>/dev/null <"/proc/$1/task/$1/children" || :
    for child in "${children[@]}"; do family "$child"; done
}

everybody() { local p; for p in "${pid[@]}"; do family "$p"; done; }

# stop_all: at once; but nginx must be asked, so that it ends its workers itself.
stop_all() {
    local name all
    for name in "${!pid[@]}"; do
        [[ $name == nginx* ]] || continue
        kill "${pid[$name]}" 2>/dev/null || :
        await eval "((\$(family ${pid[$name]} | wc -l) == 1))" || :
    done
    mapfile -t all < <(everybody)
    kill -KILL "${all[@]}" 2>/dev/null || :
    wait 2>/dev/null || :
}

private() {
    local p
    for p in $(family "${pid[$1]}"); do
        awk '/^Private_Dirty:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null || :
    done | awk '{ sum += $1 } END { print sum + 0 }'
}
