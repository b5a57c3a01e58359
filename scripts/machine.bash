# machine.bash - is this machine, and this folder, fit for the labs? A part of
# scripts/doctor, whose good, note and bad it uses. Source it; do not run it.
# shellcheck shell=bash

# shellcheck source=scripts/net.bash
source scripts/net.bash

machine() {
    bash_version
    capture
    sanitizers
    clock
    addresses
    folder
}

bash_version() {
    if ((BASH_VERSINFO[0] >= 5)); then
        good "bash ${BASH_VERSION%%(*}" 'all labs'
    else
        bad no "bash ${BASH_VERSION%%(*} is too old" 'all labs' \
            'They need 5.0 or later.'
    fi
}

capture() {
    have tcpdump && have ip && have unshare || return 0     # said already
    if ! net_pick 2>/dev/null; then
        bad no "there is no CAPTURE=$CAPTURE" 'all labs' \
            'It can be private, direct, sudo or none.'
    elif [[ $LAB_NET != none ]]; then
        good "capture: $LAB_NET, one packet caught" 'all labs: packets'
    else
        command -v sudo >/dev/null || net_why=${net_why/sudo: */sudo: it is missing}
        note no 'capture: no packet can be caught' 'all labs: packets' \
            "${net_why//; /$'\n           '}" "$(no_capture)" \
            'Until then they run, and skip what they say about packets.'
    fi
}

setting() { [[ $(cat "/proc/sys/$1" 2>/dev/null) == "$2" ]]; }

# no_capture: the reason, where it is a known one, and the way out.
no_capture() {
    if [[ ${CAPTURE-} == none ]]; then
        echo 'To have it: unset CAPTURE'
        return
    elif setting kernel/apparmor_restrict_unprivileged_userns 1; then
        echo -n 'User namespaces are restricted, as in Ubuntu 23.10 and later. '
    elif setting user/max_user_namespaces 0 ||
        setting kernel/unprivileged_userns_clone 0; then
        echo -n 'User namespaces are switched off here. '
    elif grep -qs '^Seccomp:.*2$' /proc/self/status; then
        echo -n 'A container may forbid them; as root it may need NET_RAW. '
    fi
    if command -v sudo >/dev/null; then
        echo 'To have it: sudo -v && make lab-1'
    else
        echo "To have it, as root: setcap cap_net_raw,cap_net_admin+ep $(
            command -v tcpdump)"
    fi
}

# sanitizers: with some kernels, those of an older compiler cannot start.
sanitizers() {
    local program
    have cc || return 0                                     # said already
    program=$(mktemp)
    if cc -fsanitize=address,undefined -x c -o "$program" - \
            <<<'int main(void) { return 0; }' 2>/dev/null &&
            timeout 10 "$program" 2>/dev/null; then
        good 'sanitizers: they find wrong use of memory' 'make check-N'
    else
        note no 'sanitizers: a program with them does not run' 'make check-N' \
            'It does without them, and finds fewer faults.'
    fi
    rm -f "$program"
}

clock() {
    if (($(date +%Y) >= 2026)); then
        good "the clock says $(date +%F)" 'labs 3 and up'
    else
        bad no "the clock says $(date +%F)" 'labs 3 and up' \
            'Certificates made then are from the past. To set it, as root:' \
            "  date -s 'YYYY-MM-DD HH:MM'"
    fi
}

# answers HOST: a refusal is an answer.
answers() {
    local out
    out=$(timeout 5 bash -c ": </dev/tcp/$1/9" 2>&1) || [[ $out == *refused* ]]
}

addresses() {
    local host
    for host in 127.0.0.1 localhost; do
        if answers "$host"; then
            good "$host answers" 'all labs'
        else
            bad no "$host does not answer" 'all labs' \
                'Is lo up, and localhost in /etc/hosts?'
        fi
    done
    if answers ::1; then
        good '::1 answers' 'all labs: IPv6'
    else
        note no '::1 does not answer' 'all labs: IPv6' \
            'They skip what they say about IPv6.'
    fi
}

# folder: what root has left behind, an ordinary user cannot overwrite.
folder() {
    local made=() name
    for name in build captures/run .lab; do
        [[ ! -e $name ]] || made+=("$name")
    done
    if [[ ! -w . ]]; then
        bad no "$PWD cannot be written to" 'all labs' \
            'Copy the kit to a folder that is yours: cp -r . ~/wirelab'
    elif ((EUID && ${#made[@]})) &&
        [[ -n $(find "${made[@]}" ! -user "$EUID" -print -quit 2>&1) ]]; then
        bad no 'some of what was built or captured is not yours' 'all labs' \
            "To have it: sudo chown -R $(id -un) ${made[*]}"
    else
        good 'what is built and captured is yours' 'all labs'
    fi
}
