# A frame that is lost keeps its place also where the header, or one of the tables, is damaged too.
. "$CLI_LIB"
text 380000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
size=$(size_of own.zst)
seek=$((size - 17 - 8 * 12)) checksums=$((size - 17 - 8 * 12 - 28 - 6 * 4))
{ part in 0 131072; head -c 65536 /dev/zero; part in 196608 380000; } > expected
third=$(poolmap list -v own.zst | sed -n 's/.*frame 2: .* at \([0-9]*\),.*/\1/p')
# The magic number, the length, the middle, the end.
for place in 0 5 12 22 43 $checksums $((checksums + 4)) $((checksums + 30)) $seek $((seek + 4)) $((seek + 12 + 12 * 3)) \
    $((size - 9)) $((size - 1)); do
    # A block's header, after which no walk finds the frame's end; and content.
    for damage in 9 300; do
        cp own.zst bad.zst
        patch bad.zst "$place" 90
        patch bad.zst $((third + damage)) 255 255 255
        expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
        same_file expected out "damage at $place and $damage: $(< said)"
        grep -q 'lost bytes 131072 to 196607 of the content (frame 2 ' said
    done
done
