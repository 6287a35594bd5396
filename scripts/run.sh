#!/bin/bash
# Compresses, checks and restores a file, and shows the results: scripts/run.sh POOLMAP [INPUT]
#
# INPUT is by default the Unicode data of fixtures/, in chunks of 1 MiB so that there are many.
set -euo pipefail
export LC_ALL=C

poolmap=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$(dirname "$poolmap"):$PATH

# Prints a command, runs it, and stores its time in $seconds.
show() {
    echo "\$ $*"
    local begin=$EPOCHREALTIME
    "$@"
    seconds=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
}

size() {
    stat -Lc %s "$1"
}

# rate BYTES: the time and the rate in MiB/s.
rate() {
    awk -v n="$1" -v s="$seconds" 'BEGIN { printf "%.2f s, %.0f MiB/s", s, n / 1048576 / s }'
}

echo "poolmap $(poolmap --version), $(nproc) cores"
options=()
if [[ -n ${2-} ]]; then
    if [[ ! -f $2 || ! -s $2 ]]; then
        echo "INPUT=$2 is not a file, or is empty" >&2
        exit 1
    fi
    input=$(realpath "$2")
    cd "$work"
else
    fixture=$(dirname "$0")/../fixtures/unicode-15.0.tar.zst
    cp "$fixture" "$work"
    cd "$work"
    input=unicode-15.0.tar
    options=(--chunk-size 1M)
    echo
    show poolmap -d unicode-15.0.tar.zst
    echo "  $(size $input) bytes of Unicode data files, $(rate "$(size $input)")"
    rm unicode-15.0.tar.zst
fi

bytes=$(size "$input")
echo
show poolmap compress "${options[@]}" -o packed.zst "$input"
packed=$(size packed.zst)
awk -v a="$bytes" -v b="$packed" 'BEGIN { printf "  %d bytes to %d bytes, ratio %.3f, ", a, b, a / b }'
rate "$bytes"
echo
echo
show poolmap list packed.zst
echo
show poolmap test packed.zst
echo "  intact, $(rate "$bytes")"
if command -v zstd > /dev/null; then
    echo
    show zstd -q -t packed.zst
    echo "  zstd agrees, $(rate "$bytes")"
fi
echo
show poolmap decompress -o restored packed.zst
echo "  $(rate "$bytes")"
echo
show cmp "$input" restored
echo "  the restored file is the same"
