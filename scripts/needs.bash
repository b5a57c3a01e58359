# needs.bash - what the kit needs, and which package brings it. Source it.
#
#   need_names SET...      the needs of these sets, one a line
#   need_field NEED NAME   its package for the package manager NAME, or `why`
#   have NEED              is it here? Judged by what it can do, never by a
#                          package's name: no two systems agree on those
#   find_nginx             set nginx to its command, and stream to the line of
#                          its configuration that loads the stream module
# shellcheck shell=bash

# Set, need, a package per manager (- where there is none), and who wants it.
# libclang-rt-N-dev: N is the version of clang; setup fills it in.
need_table='base make         make            make            make           make            make           all labs
base cc           gcc             gcc             gcc            gcc             gcc            all labs
base stdio.h      libc6-dev       glibc-devel     glibc          glibc-devel     musl-dev       all labs
base pcap.h       libpcap-dev     libpcap-devel   libpcap        libpcap-devel   libpcap-dev    all labs: build/captures/wire
base tcpdump      tcpdump         tcpdump         tcpdump        tcpdump         tcpdump        all labs: packets
base ip           iproute2        iproute         iproute2       iproute2        iproute2       all labs: private network
base tail         coreutils       coreutils       coreutils      coreutils       coreutils      all labs: waiting for a line
base unshare      util-linux      util-linux      util-linux     util-linux      util-linux-misc all labs: private network
base setpriv      util-linux      util-linux      util-linux     util-linux      setpriv        all labs: no stray process
base flock        util-linux      util-linux      util-linux     util-linux      flock          all labs: one run at a time
base awk          mawk            gawk            gawk           gawk            gawk           all labs
base diff         diffutils       diffutils       diffutils      diffutils       diffutils      make diff-N and make compare-N
base nc           netcat-openbsd  netcat          openbsd-netcat netcat-openbsd  netcat-openbsd labs 1 to 4, by hand and make verify-1
base openssl      openssl         openssl         openssl        openssl         openssl        labs 2 and up
base openssl/ssl.h libssl-dev     openssl-devel   openssl        libopenssl-devel openssl-dev   labs 2 and up
base linux/gpio.h linux-libc-dev  kernel-headers  linux-api-headers linux-glibc-devel linux-headers lab 5
test gcc          gcc             gcc             gcc            gcc             gcc            make test: both compilers
test clang        clang           clang           clang          clang           clang          make test: both compilers
test sanitizers   gcc             libasan+libubsan gcc           gcc             gcc            make test: memory errors
test libfuzzer    libclang-rt-N-dev compiler-rt   compiler-rt    clang           compiler-rt    make test: hostile captures
test valgrind     valgrind        valgrind        valgrind       valgrind        valgrind       make test: memory errors
test tshark       tshark          wireshark-cli   wireshark-cli  wireshark       tshark         make test: a second pair of eyes
test gnutls-cli   gnutls-bin      gnutls-utils    gnutls         gnutls          gnutls-utils   make test: another TLS library
test gnutls-serv  gnutls-bin      gnutls-utils    gnutls         gnutls          gnutls-utils   make test: another TLS library
test certtool     gnutls-bin      gnutls-utils    gnutls         gnutls          gnutls-utils   make test: another TLS library
test socat        socat           socat           socat          socat           socat          make test: strangers to talk to
test ss           iproute2        iproute         iproute2       iproute2        iproute2-ss    make test: who listens where
test curl         curl            curl            curl           curl            curl           make test: strangers to talk to
test ncat         ncat            nmap-ncat       nmap           ncat            nmap-ncat      make test: the kinds of nc
test nc.traditional netcat-traditional -          -              -               -              make test: the kinds of nc
test stunnel      stunnel4        stunnel         stunnel        stunnel         stunnel        make bench
test nginx        nginx+libnginx-mod-stream nginx+nginx-mod-stream nginx nginx nginx+nginx-mod-stream make bench
test testssl      testssl.sh      testssl         testssl.sh     testssl.sh      testssl.sh     make test: a scanner of TLS servers
test shellcheck   shellcheck      ShellCheck      shellcheck     ShellCheck      shellcheck     make test: the scripts
test python3      python3         python3         python         python3         python3        make test
test prove        perl            perl-Test-Harness perl         perl            perl-utils     make test: another reader of TAP
test strace       strace          strace          strace         strace          strace         make test: hard-to-get faults
test patch        patch           patch           patch          patch           patch           make test: wrong programs
test debootstrap  debootstrap     debootstrap     debootstrap    debootstrap     debootstrap    the test on a fresh machine
test git          git             git             git            git             git            make test
test sudo         sudo            sudo            sudo           sudo            sudo           make test: CAPTURE=sudo
test gnuplot      gnuplot-nox     gnuplot-minimal gnuplot        gnuplot         gnuplot        lab 12: plots
test rsvg-convert librsvg2-bin    librsvg2-tools  librsvg        rsvg-convert    rsvg-convert   lab 12: plots
pi   qemu-system-aarch64 qemu-system-arm qemu-system-aarch64 qemu-system-aarch64 qemu-arm qemu-system-aarch64 lab 5 on an emulated board
pi   aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu+libc6-dev-arm64-cross - aarch64-linux-gnu-gcc - - lab 5 on an emulated board
pi   cpio         cpio            cpio            cpio           cpio            cpio           lab 5 on an emulated board
pi   gzip         gzip            gzip            gzip           gzip            gzip           lab 5 on an emulated board
pi   dpkg-deb     dpkg            dpkg            dpkg           dpkg            dpkg           lab 5 on an emulated board'

# A line for each. From a here-string, bash would read byte by byte.
need_lines=()
need_rest=$need_table$'\n'
while [[ $need_rest ]]; do
    need_lines+=("${need_rest%%$'\n'*}")
    need_rest=${need_rest#*$'\n'}
done

# Servers that an installed package would start. With apt-get they are not
# installed, only unpacked, into build/strangers.
export unpacked='nginx'

need_names() {
    local line need
    for line in "${need_lines[@]}"; do
        need=${line#* } need=${need#"${need%%[! ]*}"}
        [[ " $* " != *" ${line%% *} "* ]] || echo "${need%% *}"
    done
}

need_field() {
    local -A column=([apt-get]=2 [dnf]=3 [pacman]=4 [zypper]=5 [apk]=6)
    local line cells packages
    for line in "${need_lines[@]}"; do
        [[ $line == *" $1 "* ]] || continue
        read -ra cells <<<"$line"
        [[ ${cells[1]} == "$1" ]] || continue
        packages=${cells[${column[$2]-7}]//+/ }
        [[ $2 != why ]] || packages=${cells[*]:7}
        echo "$packages"
    done
}

have() {
    case $1 in
    cc)         compiles 'int main(void) { return 0; }' cc ;;
    *.h)        cc -E -x c -o /dev/null - <<<"#include <$1>" ;;
    nc)         [[ $(nc_kind) == openbsd ]] ;;
    tail)       tail -s 0.1 --pid=1 -n 0 /dev/null && date -d yesterday ;;
    unshare)    [[ $(unshare --help) == *--keep-caps* ]] ;;
    setpriv)    [[ $(setpriv --help) == *--pdeathsig* ]] ;;
    sanitizers) compiles 'int main(void) { return 0; }' \
                    cc -fsanitize=address,undefined ;;
    libfuzzer)  compiles 'int LLVMFuzzerTestOneInput(void) { return 0; }' \
                    clang -fsanitize=fuzzer,address,undefined ;;
    aarch64-linux-gnu-gcc) compiles 'int main(void) { return 0; }' "$1" -static ;;
    debootstrap) [[ -x /usr/sbin/debootstrap ]] || command -v debootstrap ;;
    nginx)      find_nginx ;;
    testssl)    command -v testssl || command -v testssl.sh ;;
    *)          command -v "$1" ;;
    esac >/dev/null 2>&1
}

# compiles TEXT COMPILER...: does it compile and link?
compiles() {
    local text=$1 out status=0; shift
    out=$(mktemp) || return 1
    "$@" -x c -o "$out" - <<<"$text" || status=1
    rm -f "$out"
    return "$status"
}

# find_nginx: the installed one or the unpacked one, if it knows TLS for streams.
# It is asked to read a configuration; it opens no port.
find_nginx() {
    local root folder status=1
    folder=$(mktemp -d) || return 1
    for root in '' "$PWD/build/strangers"; do
        nginx=("$root/usr/sbin/nginx")
        [[ -n $root ]] || nginx=("$(command -v nginx || echo "${nginx[0]}")")
        [[ $("${nginx[0]}" -h 2>&1) != *'-e filename'* ]] || nginx+=(-e stderr)
        stream=$root$("${nginx[0]}" -V 2>&1 |
            sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')/ngx_stream_module.so
        if [[ -f $stream ]]; then stream="load_module \"$stream\";"; else stream=; fi
        printf '%s\n' "$stream" "pid \"$folder/pid\";" 'error_log stderr;' \
            'events { }' 'stream { ssl_protocols TLSv1.3; }' >"$folder/conf"
        ! "${nginx[@]}" -t -p "$folder" -c "$folder/conf" || { status=0; break; }
    done
    rm -rf "$folder"
    return "$status"
}

# nc_kind: openbsd, traditional, ncat, busybox, other or none. They differ in
# -N, -p, -q and in what they do when their input ends.
nc_kind() {
    local help
    command -v nc >/dev/null || { echo none; return; }
    help=$(timeout 5 nc -h 2>&1 </dev/null) || true
    case $help in
    *BusyBox*)             echo busybox ;;
    *Ncat*)                echo ncat ;;
    *OpenBSD*|*'network socket after EOF'*) echo openbsd ;;
    *'nc -l -p port'*)     echo traditional ;;
    *)                     echo other ;;
    esac
}
