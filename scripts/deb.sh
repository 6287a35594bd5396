#!/bin/bash
# Builds a Debian package of what `make install` installs: scripts/deb.sh POOLMAP [FOLDER]
#
# The package is FOLDER/poolmap_VERSION_ARCHITECTURE.deb, in .build-release where no folder is given, and its name is
# printed. The same source and compiler make the same bytes: all times in it are that of the last commit, or what
# SOURCE_DATE_EPOCH says. Whoever gives the package to others says in MAINTAINER who that is.
set -euo pipefail
export LC_ALL=C
umask 022

poolmap=$(realpath "$1")
mkdir -p "${2:-.build-release}"
folder=$(realpath "${2:-.build-release}")
maintainer=${MAINTAINER:-poolmap project <poolmap@example.invalid>}
cd "$(dirname "$0")/.."
for tool in dpkg-deb dpkg-query readelf; do
    command -v "$tool" > /dev/null || { echo "deb.sh: there is no $tool; this needs Debian or its like" >&2; exit 1; }
done
if readelf --program-headers "$poolmap" | grep -q INTERP; then
    echo "deb.sh: $poolmap is not static, and the package would not say what it needs; use that of \`make build\`" >&2
    exit 1
fi

version=$("$poolmap" --version)
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

# Without the flags and variables of a make that has called this script.
MAKEFLAGS='' make --silent install BINARY="$poolmap" DESTDIR="$root" PREFIX=/usr \
    ZSH_COMPLETIONS=/usr/share/zsh/vendor-completions
gzip -9n "$root"/usr/share/man/man1/*.1
find "$root" -name '*.1.gz' -exec chmod 644 {} +

# The points of the newest section of CHANGELOG.md, as Debian writes them.
changelog() {
    echo "poolmap ($version) unstable; urgency=medium"
    echo
    awk '
        # A point in lines of at most 79 characters, which Debian asks for.
        function point(text,    words, count, line, i) {
            count = split(text, words, " ")
            line = "  *"
            for (i = 1; i <= count; i++) {
                if (length(line " " words[i]) > 79) { print line; line = "   " }
                line = line " " words[i]
            }
            if (count > 0) print line
        }
        /^#/ || /^- / { point(held); held = "" }
        /^## / { sections++ }
        sections == 1 && /^- / { held = substr($0, 3) }
        sections == 1 && held != "" && /^  [^ ]/ { held = held " " $0 }
        END { point(held) }' CHANGELOG.md
    echo
    echo " -- $maintainer  $(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")"
}
documents=$root/usr/share/doc/poolmap
install -d "$documents"
install -m 644 packaging/debian/copyright "$documents/copyright"
install -D -m 644 packaging/debian/lintian-overrides "$root/usr/share/lintian/overrides/poolmap"
changelog | gzip -9n > "$documents/changelog.gz"
gzip -9n < docs/format.md > "$documents/format.md.gz"

# built_using: the sources of the libraries that are in the executable and must be had with it.
built_using() {
    local library path
    for library in libc.a libstdc++.a libgcc.a libzstd.a; do
        path=$(realpath "$(g++ -print-file-name="$library")")
        dpkg-query --search "*${path#/usr}" | cut -d: -f1
    done | sort -u | xargs dpkg-query --show --showformat '${source:Package} (= ${source:Version})\n' | sort -u |
        paste -sd, | sed 's/,/, /g'
}
kibibytes=$(du -sk --apparent-size "$root" | cut -f1)
install -d "$root/DEBIAN"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
built_using=$(built_using)
sed -e "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@KIBIBYTES@|$kibibytes|" \
    -e "s|@MAINTAINER@|$maintainer|; s|@BUILT_USING@|$built_using|" packaging/debian/control > "$root/DEBIAN/control"

package=$folder/poolmap_${version}_$architecture.deb
dpkg-deb --build --root-owner-group "$root" "$package" > /dev/null
echo "$package"
