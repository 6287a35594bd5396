#!/bin/bash
# Runs swift test, and repeats the failures at the end of its thousands of lines: scripts/unit-tests.sh [ARGUMENT…]
set -euo pipefail

output=$(mktemp)
trap 'rm -f "$output"' EXIT
code=0
${SWIFT:-swift} test "$@" 2>&1 | tee "$output" || code=$?
if ((code != 0)); then
    echo
    echo "Failures:"
    grep -A 8 -E '✘ .* recorded an issue|error:|Fatal error' "$output" | head -n 200 || true
fi
exit "$code"
