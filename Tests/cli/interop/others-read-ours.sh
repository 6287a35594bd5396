# zstd and pzstd read poolmap's files, single and joined, and count the same content.
. "$CLI_LIB"
real_data 1000000 > in
text 70000 > other
for options in "" --no-check "--chunk-size 64K" "--chunk-size 64K --no-check" "-19 --chunk-size 300K" "--fast=3" "--long=20"; do
    # shellcheck disable=SC2086
    poolmap compress -q -f $options -o a.zst in
    # shellcheck disable=SC2086
    poolmap compress -q -f $options -o b.zst other
    zstd -q -t a.zst
    zstd -q -dc a.zst | cmp - in
    zstd -q -dc < a.zst | cmp - in
    pzstd -q -dc -p 2 a.zst | cmp - in
    cat a.zst b.zst a.zst > joined.zst
    zstd -q -t joined.zst
    zstd -q -dc joined.zst | cmp - <(cat in other in)
    pzstd -q -dc -p 2 joined.zst | cmp - <(cat in other in)
done
: > empty
poolmap compress -q empty
zstd -q -t empty.zst
zstd -q -dc empty.zst | cmp - empty
pzstd -q -dc empty.zst | cmp - empty
zstd -lv a.zst 2>&1 | grep -q 'Decompressed Size: .*(1000000 B)'
