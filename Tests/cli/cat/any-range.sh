# cat prints any range of any kind of file, the same bytes that tail and head cut from the content.
. "$CLI_LIB"
size=1000000
real_data $size > in
poolmap compress -q --chunk-size 64K -o own.zst in
poolmap compress -q --no-check --chunk-size 64K -o plain-own.zst in
split -b 100000 in piece.
zstd -q -c piece.* > frames.zst
for piece in piece.*; do zstd -q -c < "$piece"; done > unsized.zst
zstd -q -o single.zst in
pzstd -q -p 2 -o pzstd.zst in
pzstd -q -p 2 -c < in > pzstd-pipe.zst
offsets=(0 1 65535 65536 65537 99999 100000 500000 983040 999999 1000000)
lengths=(0 1 65536 300000 2000000)
mkdir expected
for offset in "${offsets[@]}"; do
    for length in "${lengths[@]}"; do
        part in "$offset" "$length" > "expected/$offset-$length"
    done
done
for file in own plain-own frames unsized single pzstd pzstd-pipe; do
    for jobs in 1 2; do
        for offset in "${offsets[@]}"; do
            for length in "${lengths[@]}"; do
                silently poolmap cat -j "$jobs" --offset "$offset" --length "$length" $file.zst > out
                cmp out "expected/$offset-$length" || fail "$file -j $jobs"
            done
        done
    done
    silently poolmap cat $file.zst | cmp - in
    silently poolmap cat --offset 200000 $file.zst | cmp - <(tail -c +200001 in)
    silently poolmap cat --length 200000 $file.zst | cmp - <(head -c 200000 in)
    silently poolmap cat --offset 64K --length 1K $file.zst | cmp - <(part in 65536 1024)
    silently poolmap cat --offset 10 --length 18446744073709551615 $file.zst | cmp - <(tail -c +11 in)
    refuses 1 $file.zst poolmap cat --offset 1000001 $file.zst > out
    refuses 1 $file.zst poolmap cat --offset 18446744073709551615 --length 5 $file.zst > out
    same_text 0 "$(size_of out)"
done
: | poolmap compress -o empty.zst
silently poolmap cat empty.zst | cmp - /dev/null
silently poolmap cat --length 5 empty.zst | cmp - /dev/null
