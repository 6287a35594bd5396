# A small file with a huge content is counted in bounded memory.
. "$CLI_LIB"
ulimit -v 2097152
# 64 MiB of zeros in a few KiB, 30 times.
head -c 67108864 /dev/zero | zstd -q -19 --no-check -c > one.zst
for _ in {1..30}; do cat one.zst; done > bomb.zst
(($(size_of bomb.zst) < 300000))
silently poolmap test -j 2 bomb.zst
cat bomb.zst | silently poolmap test -j 2
same_text $((30 * 67108864)) "$(poolmap decompress -j 2 -c bomb.zst | wc -c)"
