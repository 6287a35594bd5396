# Swapped frames are restored to their own places: the tables identify them by checksum.
. "$CLI_LIB"
real_data 380000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
mapfile -t offsets < <(poolmap list -v own.zst | sed -n 's/.*frame [0-9]*: .* at \([0-9]*\),.*/\1/p')
frame() { part own.zst "${offsets[$1]}" $((offsets[$1 + 1] - offsets[$1])); }
{ frame 0; frame 3; frame 2; frame 1; frame 4; part own.zst "${offsets[5]}" 400000; } > swapped.zst
expect_exit 1 poolmap decompress -j 2 --salvage -o out swapped.zst 2> said
same_file in out
grep -q 'are out of order' said
# Also if one of the tables is damaged.
for end in 1 150; do
    cp swapped.zst bad.zst
    patch bad.zst -$end 0
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    same_file in out "damaged $end bytes before the end: $(< said)"
done
# A frame of another file in place of one does not belong to this file.
text 65536 | poolmap compress > other.zst
{ part own.zst 0 "${offsets[2]}"; cat other.zst; part own.zst "${offsets[3]}" 400000; } > put-in.zst
expect_exit 1 poolmap decompress -j 2 --salvage -f -o out put-in.zst 2> said
{ part in 0 131072; head -c 65536 /dev/zero; part in 196608 380000; } | cmp - out
