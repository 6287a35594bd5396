#!/bin/bash
# Builds each library's documentation in a folder, and fails on a broken link or a public symbol without a comment.
#
#     scripts/docs.sh [FOLDER]      FOLDER is .build-docs by default
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build-docs}

mkdir -p "$output"
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT

# Every library product has a catalog with its name.
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

    # docc comes with Swift; any web server can serve the folder, under the library's name.
    docc convert "$catalog" --additional-symbol-graph-dir "$graphs/$library" \
        --fallback-display-name "$library" --fallback-bundle-identifier "${library,,}" \
        --hosting-base-path "$library" --warnings-as-errors --output-path "$output/$library"
done
