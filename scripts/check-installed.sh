# Shared by the tests of packages, check-deb.sh, check-rpm.sh and check-dist.sh: `. scripts/check-installed.sh POOLMAP`
#
# Afterwards the shell is in the source tree and has $poolmap, its $version, and $work, a folder that is removed at the
# end.
set -euo pipefail
export LC_ALL=C.UTF-8

poolmap=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$("$poolmap" --version)
# The smallest packages would take a minute more to make.
export PACKAGE_LEVEL=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# refuses_dynamic SCRIPT: it refuses a dynamic executable, since the package declares no dependencies.
refuses_dynamic() {
    ! "$1" "$(command -v bash)" "$work" > "$work/said" 2>&1 || fail "$1 packaged a dynamic executable"
    grep -q 'is not static' "$work/said" || fail "$1 said: $(< "$work/said")"
}

# again SCRIPT FILE…: made again, at another time and by a user with other settings, FILES have the same bytes.
again() {
    local file
    mkdir "$work/again"
    (umask 077 && TZ=Asia/Kolkata LC_ALL=C.UTF-8 MAKEFLAGS=s "$1" "$poolmap" "$work/again" > /dev/null)
    for file in "${@:2}"; do
        cmp "$file" "$work/again/${file##*/}" || fail "$1 makes different bytes the second time: ${file##*/}"
    done
}

# works PREFIX [SUFFIX]: the installed program works with an empty environment; man reads the pages, which end in
# SUFFIX; the completions exist.
works() {
    local page name folder="$work/works"
    installed() { env -i "$prefix/bin/poolmap" "$@"; }
    local prefix=$1
    mkdir "$folder"
    [[ $(installed --version) == "$version" ]] || fail "the installed command's version is $(installed --version)"
    seq 1 1000000 > "$folder/in"
    installed compress -j 2 --chunk-size 1M "$folder/in"
    installed test -j 2 "$folder/in.zst"
    installed decompress -j 2 -o "$folder/out" "$folder/in.zst"
    cmp "$folder/in" "$folder/out"
    for page in docs/man/*.1; do
        name=${page##*/}
        man --no-justification -P cat -l "$prefix/share/man/man1/$name${2-}" | col -bx > "$folder/page"
        grep -q "^ *${name%.1} - " "$folder/page" || fail "the manual page $name cannot be read: $(< "$folder/page")"
    done
    for name in bash-completion/completions/poolmap fish/vendor_completions.d/poolmap.fish doc/poolmap/copyright; do
        [[ -s $prefix/share/$name ]] || fail "$prefix/share/$name is missing or empty"
    done
    [[ -s $prefix/share/zsh/site-functions/_poolmap || -s $prefix/share/zsh/vendor-completions/_poolmap ]] ||
        fail "zsh has no completions"
    # So that the build folder does not matter.
    ! grep -aoE "$(pwd -P)/[[:graph:]]*" "$prefix/bin/poolmap" > "$folder/paths" ||
        fail "the executable contains paths of this folder: $(head -n 5 "$folder/paths")"
}

# licences_are_there FOLDER: the licence texts named in the copyright page, and the list of what the executable was
# built with.
licences_are_there() {
    local name
    for name in Apache-2.0 LGPL-2.1 GPL-3 libc6; do
        [[ -s $1/licenses/$name ]] || fail "the text of a licence is missing: $name"
    done
    for name in '^poolmap ' '^Swift version ' '^glibc ' '^libzstd ' '^openssl ' '^swift-argument-parser '; do
        grep -q "$name" "$1/built-with" || fail "built-with has no $name: $(< "$1/built-with")"
    done
}
