# bare.bash - a bare Debian in a folder, made by debootstrap when the mirror has
# a new release, and unpacked from a tar else. Source it; it starts nothing.
#
#   find_mirror          sets $mirror, and http_proxy and https_proxy
#   find_kept            sets $kept: /var/cache/wirelab/SUITE-..., root's alone
#   bare TREE            makes the tree; its log is $scratch/log
#   give_packages TREE, keep_packages TREE
#
# $suite and $scratch are its user's, and so is the function apart.
# shellcheck shell=bash
suite=${suite-} scratch=${scratch-}

# find_mirror: set $mirror, and this machine's way to it, which may lead through
# a proxy.
find_mirror() {
    local release
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    mirror=$(apt-get indextargets --format "\$(RELEASE) \$(COMPONENT) \$(REPO_URI)" |
        sed -n "s/^$release main //p" | head -n 1)
    http_proxy=${http_proxy-} https_proxy=${https_proxy-}
    eval "$(apt-config shell http_proxy Acquire::http::Proxy \
        https_proxy Acquire::https::Proxy)"
    export http_proxy https_proxy
}

# find_kept: set $kept, the folder for what this release of the suite, from this
# mirror, gives; what an older one gave goes.
find_kept() {
    local cache=/var/cache/wirelab old
    kept=$scratch/kept
    if [[ -n $mirror ]] && /usr/lib/apt/apt-helper download-file \
        "${mirror%/}/dists/$suite/InRelease" "$scratch/InRelease" >"$scratch/log" 2>&1; then
        kept=$({ debootstrap --version; echo "$mirror"; cat "$scratch/InRelease"; } | sha256sum)
        kept=$cache/$suite-${kept:0:16}
        install -d -m 700 "$cache" "$kept"
        for old in "$cache/$suite"-*; do
            [[ $old == "$kept" ]] || rm -rf --one-file-system "$old"
        done
        # What is left of a run that was killed an hour ago.
        find "$kept" -maxdepth 1 -name 'new.*' -mmin +60 -exec rm -rf {} +
    else
        tell <<<"nothing is kept: no InRelease of $suite from ${mirror:-a mirror}"
    fi
    mkdir -p "$kept/packages"
}

# bare TREE: a Debian with nothing in it but the way to the mirror, which may
# need a CA of its own.
bare() {
    local new
    if [[ ! -e $kept/bare.tar ]]; then
        apart 900 debootstrap --variant=minbase "$suite" "$scratch/made" \
            ${mirror:+"$mirror"} || return
        new=$(mktemp "$kept/new.XXXXXX") &&
            tar -C "$scratch/made" -cf "$new" . 2>"$scratch/log" &&
            mv "$new" "$kept/bare.tar" || return
        rm -rf --one-file-system "$scratch/made"
    fi
    mkdir "$1" &&
        tar --numeric-owner -C "$1" -xpf "$kept/bare.tar" 2>"$scratch/log" || return
    cp -L /etc/resolv.conf "$1/etc/"
    echo "127.0.0.1 localhost $(uname -n)" >"$1/etc/hosts"
    echo '::1 localhost' >>"$1/etc/hosts"
    echo "Acquire::http::Proxy \"$http_proxy\";
        Acquire::https::Proxy \"$https_proxy\";" >"$1/etc/apt/apt.conf.d/proxy"
    [[ $mirror != https:* ]] ||
        install -D -m 644 -t "$1/etc/ssl/certs" /etc/ssl/certs/ca-certificates.crt
}

# give_packages TREE, keep_packages TREE: what apt has fetched in one machine, it
# need not fetch in the next. Copies: no two machines share a file or a lock.
give_packages() { cp -an "$kept/packages/." "$1/var/cache/apt/archives"; }
keep_packages() {
    local new
    new=$(mktemp -d "$kept/new.XXXXXX")
    cp -a "$1"/var/cache/apt/archives/*.deb "$new"
    mv -n "$new"/*.deb "$kept/packages"
    rm -rf "$new"
}
