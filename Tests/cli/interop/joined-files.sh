# Any concatenation of poolmap's and other files, with empty files and skippable frames in between, can be restored.
. "$CLI_LIB"
real_data 600000 > a
text 90000 > b
: > e
mkdir parts
poolmap compress -q --chunk-size 64K -o parts/ours-a a
poolmap compress -q --no-check --chunk-size 64K -o parts/ours-b b
poolmap compress -q -o parts/ours-e e
zstd -q -o parts/zstd-a a
zstd -q -c < b > parts/zstd-b
zstd -q -o parts/zstd-e e
pzstd -q -p 2 -o parts/pzstd-a a
pzstd -q -p 2 -o parts/pzstd-b b
# shellcheck disable=SC2046
printf '\x50\x2a\x4d\x18\x05\x00\x00\x00hello' > parts/skip-e
printf '\x5f\x2a\x4d\x18\x00\x00\x00\x00' > parts/skip0-e
{ printf '\x53\x2a\x4d\x18\x40\x0d\x03\x00'; noise 200000; } > parts/skiplong-e
names=(parts/*)
check() {
    local part joined=() contents=()
    for part in "$@"; do
        joined+=("$part") contents+=("${part##*-}")
    done
    cat "${joined[@]}" > joined.zst
    cat "${contents[@]}" > expected
    zstd -q -dc joined.zst | cmp - expected
    silently poolmap -d -j 2 -f -o out joined.zst
    same_file expected out "$*"
    cat joined.zst | silently poolmap -d -j 2 > out
    same_file expected out "piped $*"
    silently poolmap -t joined.zst
    poolmap cat --offset 1000 --length 777 joined.zst | cmp - <(part expected 1000 777)
    poolmap list -q joined.zst
}
# Every pair, and some long sequences.
for first in "${names[@]}"; do
    for second in "${names[@]}"; do
        [[ "$first$second" == *-[ab]* ]] || continue
        check "$first" "$second"
    done
done
check "${names[@]}"
check "${names[@]}" "${names[@]}"
check parts/skip0-e parts/skip0-e parts/ours-e parts/ours-a parts/skiplong-e parts/ours-b parts/skip-e parts/zstd-e
