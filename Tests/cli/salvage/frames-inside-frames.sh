# Compressed files inside a damaged frame are not mistaken for frames of the file.
. "$CLI_LIB"
text 40000 > inner
zstd -q -o inner.zst inner
poolmap compress -q --chunk-size 16K -o own-inner.zst inner
# Noise around them, so that they are stored uncompressed.
{ noise 10000 1; cat inner.zst inner.zst; noise 20000 2; cat own-inner.zst; noise 300000 3; cat own-inner.zst inner.zst; noise 200000 4; } > in
total=$(size_of in)
poolmap compress -q --chunk-size 128K -o own.zst in
{ head -c 131072 /dev/zero; part in 131072 "$total"; } > expected
for damage in 15 5000; do
    cp own.zst bad.zst
    # The header of a block, after the mark, and the middle of one.
    patch bad.zst $damage 255 255 255 255
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    same_file expected out "$damage: $(< said)"
    # And without the tables, which are cut off: 28 + 5 * 4 and 17 + 6 * 12 bytes.
    head -c -137 bad.zst > cut.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out cut.zst 2> said
    same_file expected out "$damage, cut: $(< said)"
done
