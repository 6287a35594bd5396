#!/bin/bash
# Builds the Debian package, installs it into a folder as a root, uses it there and removes it: scripts/check-deb.sh POOLMAP
set -euo pipefail
export LC_ALL=C.UTF-8

poolmap=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "check-deb.sh: $*" >&2
    exit 1
}

# An executable with libraries beside it is refused: the package says that it depends on nothing.
! scripts/deb.sh "$(command -v bash)" "$work" > "$work/said" 2>&1 || fail "deb.sh has packed a dynamic executable"
grep -q 'is not static' "$work/said" || fail "deb.sh said: $(< "$work/said")"

version=$("$poolmap" --version)
package=$(scripts/deb.sh "$poolmap" "$work")
[[ ${package##*/} == "poolmap_${version}_$(dpkg --print-architecture).deb" ]] || fail "the package is ${package##*/}"
field() { dpkg-deb --field "$package" "$1"; }
[[ $(field Package) == poolmap && $(field Version) == "$version" ]] || fail "name or version: $(field)"
[[ $(field Built-Using) == *"glibc (= "* && $(field Built-Using) == *"libzstd (= "* ]] ||
    fail "Built-Using is $(field Built-Using)"
[[ -z $(dpkg-deb --contents "$package" | awk '$2 != "root/root"') ]] || fail "not all belongs to root"

# Each package that is linked in has its licence told, and so has the project, once it has one.
while read -r name; do
    grep -qE "^Files: (.* )?$name( |\$)" packaging/debian/copyright || fail "packaging/debian/copyright lacks $name"
done < <(sed -nE 's|.*\.package\(url: ".*/([^/"]+)".*|\1|p' Package.swift)
if compgen -G 'LICEN[CS]E*' > /dev/null && grep -q '^License: unstated' packaging/debian/copyright; then
    fail "packaging/debian/copyright does not know of the licence file"
fi

# dpkg looks for programs that only root has in PATH, and keeps its notes below the root.
PATH=$PATH:/usr/sbin:/sbin
root=$work/root
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
in_root() {
    dpkg --root="$root" --log="$work/log" --force-not-root --force-script-chrootless "$@" > "$work/dpkg" 2>&1 ||
        fail "dpkg $*: $(< "$work/dpkg")"
}
in_root --install "$package"
[[ $(dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat '${Status} ${Version}' poolmap) == \
    "install ok installed $version" ]] || fail "it is not installed"
in_root --verify poolmap
[[ ! -s $work/dpkg ]] || fail "files differ from their sums: $(< "$work/dpkg")"

# What is installed runs with nothing of this shell's environment, and does its work.
installed() { env -i "$root/usr/bin/poolmap" "$@"; }
[[ $(installed --version) == "$version" ]] || fail "the installed command's version is $(installed --version)"
seq 1 1000000 > "$work/in"
installed compress -j 2 --chunk-size 1M "$work/in"
installed test -j 2 "$work/in.zst"
installed decompress -j 2 -o "$work/out" "$work/in.zst"
cmp "$work/in" "$work/out"
for page in docs/man/*.1; do
    name=${page##*/}
    man --no-justification -P cat -l "$root/usr/share/man/man1/$name.gz" | col -bx > "$work/page"
    grep -q "^ *${name%.1} - " "$work/page" || fail "the manual page $name cannot be read: $(< "$work/page")"
done
for file in bash-completion/completions/poolmap zsh/vendor-completions/_poolmap fish/vendor_completions.d/poolmap.fish \
    doc/poolmap/copyright doc/poolmap/changelog.gz; do
    [[ -s $root/usr/share/$file ]] || fail "/usr/share/$file is missing or empty"
done
zcat "$root/usr/share/doc/poolmap/changelog.gz" > "$work/changelog"
grep -q "^poolmap ($version) " "$work/changelog" || fail "the changelog does not begin with this version"

# Removed, it leaves nothing but dpkg's own notes.
in_root --purge poolmap
left=$(cd "$root" && find . -mindepth 1 ! -path './var' ! -path './var/lib' ! -path './var/lib/dpkg*')
[[ -z $left ]] || fail "after the removal there is still: $left"
