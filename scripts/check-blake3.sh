#!/bin/bash
# Compares BLAKE3 in C with its definition, under the sanitizers for memory and undefined behaviour:
# scripts/check-blake3.sh [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."

# Swift comes with a clang. `swift` may be a link to it, or choose among versions, each with its own clang.
swift=$(command -v "${SWIFT:-swift}")
for clang in "${swift%/*}/clang" "$(realpath "$swift" | sed 's|/[^/]*$||')/clang" clang; do
    command -v "$clang" > /dev/null && break
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
warnings=(-Wall -Wextra -Werror)
# The definition runs without sanitizers, which saves half the time.
"$clang" -O2 -g "${warnings[@]}" -ISources/CBlake3/include -c Tests/CBlake3/check.c -o "$folder/check.o"
# Compiling takes 10 to 25 seconds per file with checks of pointer arithmetic, or with code that stops at the first
# finding. lld, because Debian's gold warns about each symbol of the sanitizers.
"$clang" -O1 -g "${warnings[@]}" -fsanitize=address,undefined -fno-sanitize=pointer-overflow -fuse-ld=lld \
    -ISources/CBlake3/include Sources/CBlake3/*.c "$folder/check.o" -o "$folder/check"
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$folder/check" "$@"

# A user can turn instructions off to measure the narrower kernels. glibc tells from 2.33 on, which has this header.
if [ -e "/usr/include/$(uname -m)-linux-gnu/sys/platform/x86.h" ]; then
    left=$(GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX2 "$folder/check" instructions)
    if [[ $left == AVX* ]]; then
        echo "$0: $left is used although it is turned off" >&2
        exit 1
    fi
fi
