#!/bin/bash
# Builds this commit again in another folder, and compares the packages with those of this folder's build, byte by byte:
# scripts/check-reproducible.sh POOLMAP
#
# Both use the same commit, compiler, Debian libraries, and versions of the dependencies: Package.resolved, which is not
# part of a commit, is copied. The file "built-with" in a package lists them all.
set -euo pipefail
poolmap=$(realpath "$1")
cd "$(dirname "$0")/.."
if [[ -n $(git status --porcelain --untracked-files=no) ]]; then
    echo "check-reproducible.sh: commit first: the other folder gets only committed files" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
other=$work/another-folder-with-a-longer-name
git clone --quiet . "$other"
cp Package.resolved "$other"
MAKEFLAGS='' make --silent -C "$other" build

export PACKAGE_LEVEL=1
wrong=0
for kind in deb rpm dist; do
    scripts/$kind.sh "$poolmap" "$work/here" > "$work/names"
    "$other/scripts/$kind.sh" "$other/.build-release/release/poolmap" "$work/there" > /dev/null
    while read -r file; do
        if cmp "$file" "$work/there/${file##*/}"; then
            echo "the same bytes: ${file##*/}"
        else
            wrong=1
        fi
    done < "$work/names"
done

# Which objects differ, apart from the debug information and the compiler's hash of its options.
code_of() { objcopy --strip-debug --remove-section=.swift_modhash --remove-section=.comment "$1" "$2"; }
if ((wrong)); then
    built=$(dirname "$poolmap")
    while IFS= read -r object; do
        [[ -f $other/.build-release/release/$object ]] || continue
        code_of "$built/$object" "$work/object-here"
        code_of "$other/.build-release/release/$object" "$work/object-there"
        cmp --quiet "$work/object-here" "$work/object-there" || echo "different code: $object" >&2
    done < <(cd "$built" && find . -path './*.build/*.o' | sort)
fi
exit $wrong
