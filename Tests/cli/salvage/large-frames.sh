# A frame that does not fit in memory is restored if it is intact, and leaves nothing if it is not.
. "$CLI_LIB"
text 100000 > small
{ head -c 40000000 /dev/zero; text 30000000; head -c 40000000 /dev/zero; } > large
zstd -q -1 -o large.zst large
zstd -q -o small.zst small
cat small.zst large.zst small.zst > in.zst
silently poolmap decompress -j 2 --salvage -o out in.zst
cat small large small | cmp - out
# A checksum is at the end of a frame: all of it was decompressed before the error was known.
cp in.zst bad.zst
patch bad.zst $(($(size_of small.zst) + $(size_of large.zst) - 2)) 1 2
expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
{ cat small; head -c 110000000 /dev/zero; cat small; } | cmp - out
expect_exit 1 poolmap decompress -j 1 --salvage --omit -c bad.zst 2> said | cmp - <(cat small small)
# The hole takes no space.
(($(stat -c %b out) * 512 < 10000000)) || fail "$(stat -c '%b blocks of %B bytes' out)"
