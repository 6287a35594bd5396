# Parts of every kind of compressed file join to its content: with and without tables, checksums, sizes and holes.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
real_data 1500000 > in

# restores FILE OPTION…: parts and one run give the same.
restores() {
    local count file=$1
    shift
    chmod 640 "$file"
    touch -d '2001-02-03 04:05:06.123456789' "$file"
    poolmap decompress -q "$@" -f -o whole "$file"
    for count in 2 5; do
        silently each_part $count poolmap decompress "$@" -o out "$file"
        joins_to whole out $count
        rm out*
    done
    silently each_part 3 poolmap test "$@" "$file"
}
for options in --check --no-check --rsyncable -19; do
    poolmap compress -q $options --chunk-size 128K -f -o own.zst in
    restores own.zst
done
poolmap compress -q --no-check --chunk-size 128K -f -o own.zst in
cat own.zst own.zst > joined.zst
restores joined.zst
# Frames of a few bytes each.
head -c 60000 in > less
poolmap compress -q --chunk-size 1K -o tiny.zst less
restores tiny.zst
split -b 700 --filter 'zstd -q -c' less > strange.zst
restores strange.zst
# By other tools: with sizes in skippable frames, as one frame, and as one without a content size.
pzstd -q -p 4 -c in > pzstd.zst
restores pzstd.zst
zstd -q -c in > zstd.zst
restores zstd.zst
zstd -q -c < in > untold.zst
cat untold.zst tiny.zst untold.zst pzstd.zst > mixed.zst
restores untold.zst
restores mixed.zst
for file in seekable joined one-chunk plain; do
    cp "$CLI_FOLDER/../../fixtures/$file.zst" fixture.zst
    restores fixture.zst
done
# Other tools' frames without any size, and skippable frames between them.
printf '\x50\x2a\x4d\x18\x03\x00\x00\x00abc' > nothing.zst
cat nothing.zst tiny.zst nothing.zst untold.zst nothing.zst > between.zst
restores between.zst
restores nothing.zst
: > empty
poolmap compress -q -o empty.zst empty
restores empty.zst
poolmap compress -q -D less --chunk-size 128K -f -o own.zst in
restores own.zst -D less
zstd -q -f --long=28 -o long.zst in
restores long.zst --long=28

# ---- Holes stay holes, in the parts and in the joined file.

islands holes 8000000 100000:3000 4000000:100000 7000000:1000
poolmap compress -q --chunk-size 256K -o holes.zst holes
restores holes.zst
poolmap decompress -q -f -o whole holes.zst
silently each_part 7 poolmap decompress -o out holes.zst
(($(cat out.part-* | wc -c) > 8000000))
(($(du -c -k out.part-* | tail -1 | cut -f1) < 400))
joins_to whole out 7
(($(disk_of out) < 400 && $(disk_of out) <= $(disk_of whole) + 32))
rm out*
# A file without holes gets none.
poolmap decompress -q --no-sparse -f -o whole holes.zst
silently each_part 7 poolmap decompress --no-sparse -o out holes.zst
joins_to whole out 7
(($(disk_of out) >= 7800))
