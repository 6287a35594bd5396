#!/bin/bash
# swift test, and at the end once more what failed, since a run prints thousands of lines: scripts/unit-tests.sh [ARGUMENT…]
set -euo pipefail

output=$(mktemp)
trap 'rm -f "$output"' EXIT
code=0
${SWIFT:-swift} test "$@" 2>&1 | tee "$output" || code=$?
if ((code != 0)); then
    echo
    echo "What failed:"
    grep -A 8 -E '✘ .* recorded an issue|error:|Fatal error' "$output" | head -n 200 || true
fi
exit "$code"
