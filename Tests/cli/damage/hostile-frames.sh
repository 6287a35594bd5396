# Frames that announce huge content, windows or lengths are refused without a giant allocation.
. "$CLI_LIB"
ulimit -v 2097152
# frame BYTES…: a Zstandard frame header and whatever follows, in hexadecimal.
frame() { perl -e 'print pack "H*", join "", @ARGV' 28b52ffd "$@" > hostile.zst; }
hostile() {
    refuses 1 hostile.zst poolmap test hostile.zst
    refuses 1 hostile.zst poolmap decompress -j 2 -o out hostile.zst
    refuses 1 "standard input" poolmap test -j 2 < <(cat hostile.zst)
    refuses 1 "standard input" poolmap decompress -j 2 -o out < <(cat hostile.zst)
    no_file out
    poolmap list hostile.zst > /dev/null 2>&1 || (($? == 1)) || fail "list: $*"
    poolmap cat --length 1 hostile.zst > /dev/null 2>&1 || (($? == 1)) || fail "cat: $*"
}
# Content sizes of 8 bytes: 1 TiB, 2^63, 2^64 - 1, with an empty last block.
for size in 0000000000010000 0000000000000080 ffffffffffffffff; do
    frame c0 00 $size 010000
    hostile "size $size"
    frame e0 $size 010000
    hostile "single segment, size $size"
done
# Windows of 2^41 bytes, with and without a size; an RLE block larger than a block may be.
frame 00 f8 010000
hostile "window"
frame 00 ff 010000
hostile "largest window"
frame 80 f8 00000100 010000
hostile "window and size"
frame 20 05 fbff1f 41
hostile "RLE block of 256 KiB for 5 bytes"
frame 00 58 fbff1f 41
hostile "RLE block too large"
frame 00 58 07000000
hostile "reserved block type"
frame 08 58 010000
hostile "reserved bit"
# A skippable frame that claims 4 GiB.
printf '\x50\x2a\x4d\x18\xff\xff\xff\xff' > hostile.zst
hostile "skippable"
printf '\x5e\x2a\x4d\x18\xff\xff\xff\xff' > hostile.zst
hostile "skippable, as a seek table"
printf '\x5c\x2a\x4d\x18\xff\xff\xff\xffpoolmapT' > hostile.zst
hostile "skippable, as a section table"
