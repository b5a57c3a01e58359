# net.bash - a network of our own, in which an ordinary user may capture.
# Source it; do not run it.
#
# There are four ways, called rungs; the first that catches a packet is taken:
#
#   private   our own network, in a namespace. No root. Nobody else is in it.
#   direct    the machine's network: we are root, or tcpdump has capabilities
#   sudo      the machine's network; tcpdump alone is raised by sudo
#   none      no capture: what is said about packets cannot be checked
# shellcheck shell=bash

# net_enter RUNG: set the command that starts another one inside.
# The usual `unshare -r` would make us uid 0 there; tcpdump then tries to
# become somebody else, which a namespace forbids. So we stay who we are, and
# keep the capabilities. When the first process in there ends, all end.
net_enter() {
    net_enter=()
    [[ $1 == private ]] || return 0
    net_enter=(unshare --user --map-current-user --keep-caps)
    ((EUID != 0)) || net_enter=(unshare)
    net_enter+=(--net --pid --fork --kill-child)
}

# net_up: called inside. Ethernet's packet size, so that captures look like
# those of a real network.
net_up() {
    [[ $LAB_NET != private ]] || ip link set lo up mtu 1500
}

# net_tcpdump RUNG: set the command that captures on lo, and what raises it.
# The buffer is large, because a busy machine may let tcpdump wait.
net_tcpdump() {
    net_raise=()
    net_tcpdump=(tcpdump -i lo -nn -U --immediate-mode -B 16384)
    case $1 in
    sudo) net_raise=(sudo -n) net_tcpdump+=(-Z "$(id -un)") ;;
    *)    ((EUID != 0)) || net_tcpdump+=(-Z root) ;;
    esac
}

# net_catch RUNG: called inside. Catch one real packet, or say why not.
net_catch() {
    local line why=
    LAB_NET=$1 net_up || return 1
    net_tcpdump "$1"
    while read -r line; do
        case $line in
        *listening\ on*) echo hello >/dev/udp/127.0.0.1/9 ;;
        *'1 packet captured'*) return 0 ;;
        *packet* | *verbose*) ;;
        *) why=${why:-$line} ;;
        esac
    done < <(timeout 5 "${net_raise[@]}" "${net_tcpdump[@]}" -c 1 udp port 9 2>&1)
    echo "${why:-no packet came}"
    return 1
}

# net_probe RUNG: does it work here? If not, say why.
net_probe() {
    local tool tools=(tcpdump)
    case $1 in
    private) tools+=(unshare ip) ;;
    sudo)    tools+=(sudo) ;;
    esac
    for tool in "${tools[@]}"; do
        command -v "$tool" >/dev/null || { echo "$tool is missing"; return 1; }
    done
    net_enter "$1"
    "${net_enter[@]}" bash -s "$1" 2>&1 <<'END'
source scripts/net.bash
net_catch "$1"
END
}

# net_pick: set LAB_NET to the first rung that works, and net_why to what was
# wrong with the others. CAPTURE=name forces one.
net_pick() {
    local rung why
    net_why=
    for rung in ${CAPTURE:-private direct sudo}; do
        case $rung in
        private | direct | sudo) ;;
        none) net_why='CAPTURE=none'; break ;;
        *) echo "CAPTURE=$rung: it is private, direct, sudo or none" >&2; return 2 ;;
        esac
        if why=$(net_probe "$rung"); then
            LAB_NET=$rung
            return 0
        fi
        net_why+="${net_why:+; }$rung: ${why##*$'\n'}"
    done
    LAB_NET=none
}
