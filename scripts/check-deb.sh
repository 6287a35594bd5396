#!/bin/bash
# Builds the Debian package, installs it into a folder as root folder, uses it and removes it: scripts/check-deb.sh
# POOLMAP
. "$(dirname "$0")/check-installed.sh"
refuses_dynamic scripts/deb.sh

package=$(scripts/deb.sh "$poolmap" "$work")
[[ ${package##*/} == "poolmap_${version}_$(dpkg --print-architecture).deb" ]] || fail "the package is ${package##*/}"
again scripts/deb.sh "$package"
field() { dpkg-deb --field "$package" "$1"; }
[[ $(field Package) == poolmap && $(field Version) == "$version" ]] || fail "name or version: $(field)"
[[ $(field Built-Using) == *"glibc (= "* && $(field Built-Using) == *"libzstd (= "* && $(field Built-Using) == *"openssl (= "* ]] ||
    fail "Built-Using is $(field Built-Using)"
[[ -z $(dpkg-deb --contents "$package" | awk '$2 != "root/root"') ]] || fail "some files do not belong to root"

# Debian's own rules, even matters of taste. packaging/debian/lintian-overrides gives reasons for exceptions.
lintian --allow-root --no-cfg --display-info --pedantic --tag-display-limit 0 "$package" > "$work/lintian" 2>&1 || true
[[ ! -s $work/lintian ]] || fail "lintian: $(< "$work/lintian")"

# The licence of each linked package is listed, and the project's, once it has one.
while read -r name; do
    grep -qE "^Files: (.* )?$name( |\$)" packaging/debian/copyright || fail "packaging/debian/copyright lacks $name"
done < <(sed -nE 's|.*\.package\(url: ".*/([^/"]+)".*|\1|p' Package.swift)
if compgen -G 'LICEN[CS]E*' > /dev/null && grep -q '^License: unstated' packaging/debian/copyright; then
    fail "packaging/debian/copyright does not mention the licence file"
fi

# dpkg looks for programs that only root has in PATH, and keeps its database below the root.
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
    "install ok installed $version" ]] || fail "the package is not installed"
in_root --verify poolmap
[[ ! -s $work/dpkg ]] || fail "files differ from their checksums: $(< "$work/dpkg")"

works "$root/usr" .gz
zcat "$root/usr/share/doc/poolmap/changelog.gz" > "$work/changelog"
grep -q "^poolmap ($version) " "$work/changelog" || fail "the changelog does not begin with this version"
grep -q '^  \* ' "$work/changelog" || fail "the changelog has no entry for this version"

# Once removed, it leaves nothing but dpkg's own database.
in_root --purge poolmap
left=$(cd "$root" && find . -mindepth 1 ! -path './var' ! -path './var/lib' ! -path './var/lib/dpkg*')
[[ -z $left ]] || fail "left after the removal: $left"
