# terminal.bash - terminals for handouts: shells that are typed into, and whose
# words are read line by line. Source it; do not run it.
# shellcheck shell=bash
# shellcheck source=scripts/tap.bash
source scripts/tap.bash

declare -A term_pid term_in term_out term_keys term_runs
mark=end-of-command-$RANDOM$RANDOM
patience=${HANDOUT_PATIENCE:-$((10 * ${LAB_TIMEOUT_SCALE:-1}))}

# open_terminal NAME FOLDER: a shell, as you find it in a new window.
#
# What a script starts with & ignores SIGINT, and so does all that it starts; no
# trap can undo that, but env can. The shell itself takes SIGINT and lives on, as
# one at a real terminal does.
open_terminal() {
    local name=$1 folder=$2 pipe=$scratch/terminal-$1 fd
    mkfifo "$pipe.in" "$pipe.out" "$pipe.keys"
    exec {fd}<>"$pipe.in"; term_in[$name]=$fd
    exec {fd}<>"$pipe.out"; term_out[$name]=$fd
    (cd "$folder" && exec setpriv --pdeathsig KILL setsid \
        env -i --default-signal=INT,TERM,PIPE PATH="$PATH" HOME="$HOME" \
        LC_ALL=C TERM=dumb bash --norc --noprofile) \
        <"$pipe.in" >"$pipe.out" 2>&1 &
    term_pid[$name]=$!
    echo 'trap : INT; status=0' >&"${term_in[$name]}"
}

close_terminals() {
    local pid
    for pid in "${term_pid[@]}"; do
        kill -KILL -- "-$pid"
        wait "$pid"
    done 2>/dev/null || :
}

# begin NAME COMMAND: start it. It reads what press() types, and not the pipe
# that brings commands; and it sees the $? of the command before it.
begin() {
    local keys=$scratch/terminal-$1.keys line fd
    exec {fd}<>"$keys"; term_keys[$1]=$fd
    term_runs[$1]=yes
    cat >&"${term_in[$1]}" <<END
{ echo $mark; (exit \$status); eval ${2@Q}; } <${keys@Q}; status=\$?; echo $mark:\$status
END
    hear "$1" "$((SECONDS + patience))" && [[ $line == "$mark" ]]
}

# press NAME KEYS: type a line, or ^C, or ^D: then who reads on finds the end.
press() {
    local fd=${term_keys[$1]-}
    case $2:$fd in
    ^C:*)   kill -INT -- "-${term_pid[$1]}" ;;
    *:)     ;;
    ^D:*)   exec {fd}>&-; term_keys[$1]='' ;;
    *)      printf '%s\n' "$2" >&"$fd" ;;
    esac
}

# hear NAME DEADLINE: wait for its next line, and set $line. If its command has
# ended with that, $status is its exit status.
hear() {
    local left=$(($2 - SECONDS))
    ((left > 0)) && IFS= read -r -t "$left" -u "${term_out[$1]}" line || return 1
    if [[ $line == *"$mark:"* ]]; then
        status=${line##*:} line=${line%"$mark:"*} term_runs[$1]=''
        press "$1" ^D
    fi
}

# listen NAME ENOUGH: collect its lines in $heard until its command has ended,
# or the function ENOUGH says so. Fails if time is up before.
listen() {
    local deadline=$((SECONDS + patience)) line
    heard=() status=
    until [[ -z ${term_runs[$1]-} ]] || "$2"; do
        hear "$1" "$deadline" || return 1
        [[ -z $line && $status ]] || heard+=("$line")
    done
}
