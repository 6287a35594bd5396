# Shared by all packages: `. scripts/stage.sh POOLMAP [FOLDER]`, for deb.sh, rpm.sh and dist.sh.
#
# Afterwards the shell is in the source tree and has
#
#   poolmap, folder        the executable, and where the package goes: FOLDER, or .build-release
#   version, maintainer    from the command, and from MAINTAINER
#   level                  the compression level, from PACKAGE_LEVEL; empty for each format's usual one
#   SOURCE_DATE_EPOCH      the time of all files: the last commit's, unless it was set before
#   work                   a folder that is removed when the script ends
#
# and the functions below. The same executable, source and packaging tools make the same bytes.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022

poolmap=$(realpath "$1")
mkdir -p "${2:-.build-release}"
folder=$(realpath "${2:-.build-release}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The person who distributes the packages.
maintainer=${MAINTAINER:-poolmap project <poolmap@example.invalid>}
# For tests, which have no time to make the smallest package.
level=${PACKAGE_LEVEL-}

# need_tools TOOL…
need_tools() {
    local tool
    for tool in "$@"; do
        command -v "$tool" > /dev/null || { echo "${0##*/}: missing $tool; run: make package-deps" >&2; exit 1; }
    done
}

need_tools readelf strip dpkg-query g++
if readelf --program-headers "$poolmap" | grep -q INTERP; then
    echo "${0##*/}: $poolmap is not static, and the package declares no dependencies; use the one from \`make build\`" >&2
    exit 1
fi
version=$("$poolmap" --version)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# stage ROOT PREFIX [VARIABLE=VALUE…]: puts everything that `make install` installs in ROOT.
stage() {
    mkdir -p "$1"
    # Without the flags and variables of a make that calls this script.
    MAKEFLAGS='' make --silent install BINARY="$poolmap" DESTDIR="$1" PREFIX="$2" "${@:3}"
    # dh_strip removes the first two as well: names of compilers. The other two are hashes of the debugging information
    # and of the compiler's options, which depend on the build folder and are used by debuggers and compilers only.
    strip --remove-section=.comment --remove-section=.note --remove-section=.note.gnu.build-id \
        --remove-section=.swift_modhash "$1$2/bin/poolmap"
}

# compress_pages FOLDER: compresses the manual pages below it, as distributions do.
compress_pages() {
    find "$1" -name '*.1' -exec gzip -9n {} +
    find "$1" -name '*.1.gz' -exec chmod 644 {} +
}

# set_times ROOT: sets all times, so that the time of staging does not matter.
set_times() {
    find "$1" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
}

# linked_packages [FORMAT]: the Debian sources of the libraries linked into the executable.
linked_packages() {
    local library path
    for library in libc.a libstdc++.a libgcc.a libzstd.a libcrypto.a; do
        path=$(realpath "$(g++ -print-file-name="$library")")
        dpkg-query --search "*${path#/usr}" | cut -d: -f1
    done | sort -u | xargs dpkg-query --show --showformat "${1:-\${source:Package\} \${source:Version\}}\n" | sort -u
}

# notices FOLDER: the licences of the executable's contents, for systems that lack Debian's folder of licences.
notices() {
    local text
    install -D -m 644 packaging/debian/copyright "$1/copyright"
    grep -oE '/usr/share/(common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]|doc/[a-z0-9-]+/copyright)' packaging/debian/copyright |
        sort -u | while read -r text; do
            install -D -m 644 "$text" "$1/licenses/$(sed -E 's|.*/common-licenses/||; s|.*/doc/(.*)/copyright|\1|' <<< "$text")"
        done
    {
        echo 'The file "copyright" names files of a Debian system. Their copies are here:'
        echo '/usr/share/common-licenses/NAME and /usr/share/doc/NAME/copyright are NAME.'
    } > "$1/licenses/README"
}

# built_with FILE: everything that is needed to reproduce the same bytes.
built_with() {
    {
        echo "poolmap $version"
        git rev-parse --verify --quiet HEAD | sed 's/^/commit /' || true
        "${SWIFT:-swift}" --version 2> /dev/null | grep -E -o '(Swift version|Target:) .*' || true
        linked_packages
        python3 -c '
import json
for pin in json.load(open("Package.resolved"))["pins"]:
    print(pin["identity"], pin["state"].get("version", ""), pin["state"]["revision"])' || true
    } > "$1"
}
