# From a truncated file all frames before the cut are restored.
. "$CLI_LIB"
text 380000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
fourth=$(poolmap list -v own.zst | sed -n 's/.*frame 3: .* at \([0-9]*\),.*/\1/p')
last=$(poolmap list -v own.zst | sed -n 's/.*frame 5: .* at \([0-9]*\),.*/\1/p')
size=$(size_of own.zst)
tables=$((size - 17 - 7 * 12 - 28 - 6 * 4))

salvage_cut() {
    head -c "$1" own.zst > cut.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out cut.zst 2> said
}
# Inside a frame: its header states its length, but not what followed.
salvage_cut $((fourth + 1000))
{ part in 0 196608; head -c 65536 /dev/zero; } | cmp - out
grep -q 'lost bytes 196608 to 262143 of the content (frame 3 ' said
grep -q 'lost an unknown number of bytes, starting at byte 262144 of the content' said
same_text 'poolmap: cut.zst: recovered 196608 bytes, at least 65536 lost in 2 places; the original size is unknown' \
    "$(tail -n 1 said)"
expect_exit 1 poolmap decompress --salvage --omit -c cut.zst 2> omitted | cmp - <(part in 0 196608)
# Between two frames, and inside a frame's header.
for bytes in 0 3; do
    salvage_cut $((fourth + bytes))
    part in 0 196608 | cmp - out
    grep -q 'lost an unknown number of bytes, starting at byte 196608 of the content' said
done
# Inside the last frame, which is shorter than a chunk: nothing can have followed.
salvage_cut $((last + 1000))
{ part in 0 327680; head -c $((380000 - 327680)) /dev/zero; } | cmp - out
same_text 'poolmap: cut.zst: recovered 327680 of 380000 bytes, 52320 lost in 1 place' "$(tail -n 1 said)"
# Anywhere in the tables.
for ((bytes = tables; bytes < size; bytes += 7)); do
    salvage_cut $bytes
    same_file in out "cut at $bytes"
    grep -q 'no content lost: ' said
    same_text 'poolmap: cut.zst: recovered all 380000 bytes of a damaged file' "$(tail -n 1 said)"
done
# If all chunks are full, the beginning of the section table says as much.
text 196608 > full
poolmap compress -q --chunk-size 64K -o full.zst full
head -c -$((17 + 4 * 12 + 10)) full.zst > cut.zst
expect_exit 1 poolmap decompress --salvage -f -o out cut.zst 2> said
same_file full out
# Without its beginning: the tables say where the rest belongs.
tail -c +$((fourth + 1)) own.zst > tail.zst
expect_exit 1 poolmap decompress -j 2 --salvage -f -o out tail.zst 2> said
{ head -c 196608 /dev/zero; part in 196608 380000; } | cmp - out
