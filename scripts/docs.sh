#!/bin/bash
# Builds the library's documentation into a folder, and fails on a broken link or a public symbol without a comment.
#
#     scripts/docs.sh [FOLDER]      .build-docs where none is given
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build-docs}

swift build --target Multiprocessing
build=$(swift build --show-bin-path)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT

modules=(-I "$build/Modules" -Xcc "-fmodule-map-file=$build/CMultiprocessing.build/module.modulemap")
for map in .build/checkouts/*/Sources/*/include/module.modulemap; do
    modules+=(-Xcc "-fmodule-map-file=$map")
done
swift symbolgraph-extract -module-name Multiprocessing "${modules[@]}" -target "$(uname -m)-unknown-linux-gnu" \
    -output-dir "$graphs" -minimum-access-level public -skip-inherited-docs

scripts/undocumented.py "$graphs"/*.symbols.json

# The compiler comes with Swift; the folder can be served with any web server.
docc convert Sources/Multiprocessing/Multiprocessing.docc --additional-symbol-graph-dir "$graphs" \
    --fallback-display-name Multiprocessing --fallback-bundle-identifier multiprocessing \
    --warnings-as-errors --output-path "$output"
