# path.bash - a PATH of our own, for tests of a machine that lacks something.
# Source it after tap.bash.
#
#   own_path            $bin is a folder with a link to every command there is
#   lose NAME...        these are gone from it, until the next own_path
#   fake NAME [LINE]... a command that runs these lines stands in its place
# shellcheck shell=bash

bin=${scratch:?}/bin
changed=()

own_path() {
    local folder folders name
    if [[ ! -d $bin ]]; then
        mkdir "$bin"
        IFS=: read -ra folders <<<"$PATH:/usr/sbin:/sbin"
        for folder in "${folders[@]}"; do       # of two, the first one wins
            [[ -L $folder ]] || ln -s "$folder"/* "$bin" 2>/dev/null || true
        done
        cp -a "$bin" "$bin.whole"
    fi
    for name in "${changed[@]}"; do
        rm -f "$bin/$name"
        [[ ! -L $bin.whole/$name ]] || cp -P "$bin.whole/$name" "$bin"
    done
    changed=()
}

lose() {
    changed+=("$@")
    rm -f "${@/#/$bin/}"
}

fake() {
    local name=$1; shift
    lose "$name"
    printf '%s\n' "#!$BASH" "$@" >"$bin/$name"
    chmod +x "$bin/$name"
}
