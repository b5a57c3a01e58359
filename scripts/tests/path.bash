# path.bash - a PATH of our own, for tests of a machine that lacks something.
# Source it after tap.bash.
#
#   own_path            $bin is a folder with a link to every command there is
#   lose NAME...        these are gone from it, until the next own_path
#   fake NAME [LINE]... a command that runs these lines stands in its place
#   ask_once NAME       from now on it is asked each question once: what it is
#                       given, as words and as input, has one answer, and so has
#                       the file that -o names
# shellcheck shell=bash

bin=${scratch:?}/bin
changed=()

# What is gone from $bin waits in $bin.whole.
own_path() {
    local folder folders name
    if [[ ! -d $bin ]]; then
        mkdir "$bin" "$bin.whole"
        IFS=: read -ra folders <<<"$PATH:/usr/sbin:/sbin"
        for folder in "${folders[@]}"; do       # of two, the first one wins
            [[ -L $folder ]] || ln -s "$folder"/* "$bin" 2>/dev/null || true
        done
    fi
    for name in "${changed[@]}"; do
        rm -f "$bin/$name"
        [[ ! -L $bin.whole/$name ]] || mv "$bin.whole/$name" "$bin"
    done
    changed=()
}

lose() {
    local name
    changed+=("$@")
    for name; do
        [[ ! -L $bin/$name || -L $bin.whole/$name ]] || mv "$bin/$name" "$bin.whole"
    done
    rm -f "${@/#/$bin/}"
}

fake() {
    local name=$1; shift
    lose "$name"
    printf '%s\n' "#!$BASH" "$@" >"$bin/$name"
    chmod +x "$bin/$name"
}

# The answers lie in $bin.asked; somebody who cannot write there asks himself.
ask_once() {
    local real
    real=$(command -v "$1") || return 0
    mkdir -p "$bin.asked"
    cat >"$bin.asked/$1" <<END
#!$BASH
IFS= read -r -d '' -N 100000 text || :
words=("\$@") made=
for ((i = 1; i < \$#; i++)); do
    [[ \${words[i-1]} != -o || \${words[i]} == /dev/null ]] || made=\${words[i]} words[i]=FILE
done
key=\$('$(command -v sha256sum)' <<<"\${words[*]@Q} \$text")
answer='$bin.asked/$1.'\${key%% *}
if [[ ! -e \$answer ]]; then
    [[ -w '$bin.asked' ]] || exec '$real' "\$@" <<<"\$text"
    status=0
    '$real' "\$@" <<<"\$text" >"\$answer.out" 2>"\$answer.err" || status=\$?
    [[ ! \$made ]] || '$(command -v cp)' -p "\$made" "\$answer.made"
    echo "\$status" >"\$answer"
elif [[ -e \$answer.made ]]; then
    '$(command -v cp)' -p "\$answer.made" "\$made"
fi
mapfile <"\$answer.out"; printf %s "\${MAPFILE[@]}"
mapfile <"\$answer.err"; printf %s "\${MAPFILE[@]}" >&2
exit "\$(<"\$answer")"
END
    chmod +x "$bin.asked/$1"
    ln -sf "$bin.asked/$1" "$bin/$1"
}
