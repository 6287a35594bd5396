#!/bin/bash
# Holds BLAKE3 in C against its definition, where the sanitizers watch memory and undefined behaviour:
# scripts/check-blake3.sh [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."

# Swift comes with a clang. What starts Swift may be a link to it, or a chooser among versions with a clang of its own.
swift=$(command -v "${SWIFT:-swift}")
for clang in "${swift%/*}/clang" "$(realpath "$swift" | sed 's|/[^/]*$||')/clang" clang; do
    command -v "$clang" > /dev/null && break
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
warnings=(-Wall -Wextra -Werror)
# The definition is not watched, which saves half the time.
"$clang" -O2 -g "${warnings[@]}" -ISources/CBlake3/include -c Tests/CBlake3/check.c -o "$folder/check.o"
# To watch the arithmetic of pointers as well, or to have the compiler end the program at the first finding, takes it 10
# to 25 seconds a file. lld, because Debian's gold warns of each symbol of the sanitizers.
"$clang" -O1 -g "${warnings[@]}" -fsanitize=address,undefined -fno-sanitize=pointer-overflow -fuse-ld=lld \
    -ISources/CBlake3/include Sources/CBlake3/*.c "$folder/check.o" -o "$folder/check"
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$folder/check" "$@"
