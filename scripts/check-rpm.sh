#!/bin/bash
# Builds the RPM package, installs it into a folder as root folder, uses it and removes it: scripts/check-rpm.sh POOLMAP
. "$(dirname "$0")/check-installed.sh"
refuses_dynamic scripts/rpm.sh

package=$(scripts/rpm.sh "$poolmap" "$work")
[[ ${package##*/} == "poolmap-$version-1.$(uname -m).rpm" ]] || fail "the package is ${package##*/}"
again scripts/rpm.sh "$package"
[[ $(rpm --checksig "$package") == *": digests OK" ]] || fail "rpm --checksig: $(rpm --checksig "$package" 2>&1)"
query() { rpm --query --package "$package" "$@"; }
[[ $(query --queryformat '%{NAME} %{VERSION} %{OS} %{ARCH} %{BUILDHOST}') == "poolmap $version linux $(uname -m) localhost" ]] ||
    fail "name, version or machine: $(query --info)"
[[ $(query --queryformat '%{SUMMARY}\n%{DESCRIPTION}') == Compress*"one static file without dependencies." ]] ||
    fail "summary or description: $(query --info)"
[[ -z $(query --requires | grep -v '^rpmlib(') ]] || fail "the package requires: $(query --requires)"
[[ -z $(query --scripts) ]] || fail "the package has scripts: $(query --scripts)"
[[ -z $(query --queryformat '[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]' | grep -vx root:root) ]] || fail "some files do not belong to root"

# Everything that `make install` installs, and documentation; it does not own folders of other packages.
MAKEFLAGS='' make --silent install BINARY="$poolmap" DESTDIR="$work/made" PREFIX=/usr
diff <(cd "$work/made" && find . -type f -printf '/%P\n' | sed '/man1/s/$/.gz/' | sort) \
    <(query --list | grep -v '^/usr/share/doc/poolmap' | sort) || fail "the files are not those of make install"

# rpm changes its root folder, which requires root, or a user namespace.
root=$work/root
mkdir "$root"
as_root=()
((EUID == 0)) || as_root=(unshare --user --map-root-user)
in_root() {
    "${as_root[@]}" rpm --root "$root" --dbpath /var/lib/rpm "$@" > "$work/rpm" 2>&1 || fail "rpm $*: $(< "$work/rpm")"
}
in_root --install --nodeps "$package"
in_root --query poolmap
[[ $(< "$work/rpm") == "poolmap-$version-1.$(uname -m)" ]] || fail "the package is not installed: $(< "$work/rpm")"
in_root --verify --nodeps poolmap
[[ ! -s $work/rpm ]] || fail "files differ from the package: $(< "$work/rpm")"

works "$root/usr" .gz
licences_are_there "$root/usr/share/doc/poolmap"

in_root --erase poolmap
left=$(cd "$root" && find . -mindepth 1 ! -type d ! -path './var/lib/rpm/*' -o -path '*poolmap*')
[[ -z $left ]] || fail "left after the removal: $left"
