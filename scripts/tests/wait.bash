# wait.bash - to wait for what happens, and not for a time. Source it.
# shellcheck shell=bash

patience=$((20 * ${LAB_TIMEOUT_SCALE:-1}))

# await COMMAND...: try it until it succeeds, or patience ends.
await() {
    local end=$((SECONDS + patience))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        pause 0.02
    done
}
pause() { read -r -t "$1" -u "$silence" || :; }

# An input that never ends. One for all pauses: a <(:) for each would be a child
# for each, and when its number comes back to another, bash 5.2 may take one for
# the other, and wait for ever.
exec {silence}<> <(:)
