#!/bin/bash
# Builds the libraries' documentation into a folder each, and fails on a broken link or a public symbol without a comment.
#
#     scripts/docs.sh [FOLDER]      .build-docs where none is given
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build-docs}

mkdir -p "$output"
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT

# Every library product has a catalog of its own name.
for catalog in Sources/*/*.docc; do
    library=$(basename "$catalog" .docc)
    swift build --target "$library"
    build=$(swift build --show-bin-path)

    modules=(-I "$build/Modules")
    for map in Sources/*/{,include/}module.modulemap "$build"/*.build/module.modulemap \
        .build/checkouts/*/Sources/*/include/module.modulemap; do
        [[ -e $map ]] && modules+=(-Xcc "-fmodule-map-file=$map")
    done
    mkdir "$graphs/$library"
    swift symbolgraph-extract -module-name "$library" "${modules[@]}" -target "$(uname -m)-unknown-linux-gnu" \
        -output-dir "$graphs/$library" -minimum-access-level public -skip-inherited-docs

    scripts/undocumented.py "$graphs/$library"/*.symbols.json

    # The compiler comes with Swift; the folder can be served with any web server, under the library's name.
    docc convert "$catalog" --additional-symbol-graph-dir "$graphs/$library" \
        --fallback-display-name "$library" --fallback-bundle-identifier "${library,,}" \
        --hosting-base-path "$library" --warnings-as-errors --output-path "$output/$library"
done
