# A lost frame keeps its place even if the first frame, or one of the tables, is damaged too.
. "$CLI_LIB"
text 380000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
size=$(size_of own.zst)
seek=$((size - 17 - 7 * 12)) table=$((size - 17 - 7 * 12 - 28 - 6 * 4))
{ part in 0 131072; head -c 65536 /dev/zero; part in 196608 380000; } > expected
{ head -c 65536 /dev/zero; part expected 65536 380000; } > without-first
third=$(poolmap list -v own.zst | sed -n 's/.*frame 2: .* at \([0-9]*\),.*/\1/p')
# The magic number, the size, the mark, a block; in each table the magic number, the length, the middle, the end.
for place in 0 6 10 14 20 $table $((table + 4)) $((table + 30)) $seek $((seek + 4)) $((seek + 12 + 12 * 3)) \
    $((size - 9)) $((size - 1)); do
    # A block's header, after which a walk cannot find the end of the frame; and content.
    for damage in 9 300; do
        cp own.zst bad.zst
        patch bad.zst "$place" 90
        patch bad.zst $((third + damage)) 255 255 255
        expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
        same_file "$( ((place < table)) && echo without-first || echo expected)" out "damage at $place and $damage: $(< said)"
        grep -q 'lost bytes 131072 to 196607 of the content (frame 2 ' said
    done
done
