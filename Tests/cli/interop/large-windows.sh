# A window above 2^27 needs --long, as it does with zstd; with it the file is restored.
. "$CLI_LIB"
# Frames with less than 64 MiB of content are decompressed as a whole and need no window.
text 80000000 | zstd -q --long=28 -c > large.zst
expect_exit 1 zstd -q -t large.zst 2> /dev/null
refuses 1 "large.zst" poolmap test large.zst
refuses 1 "large.zst" poolmap -d -o out large.zst
refuses 1 "standard input" poolmap -d -o out < <(cat large.zst)
no_file out
text 80000000 > expected
silently poolmap -dc --long=28 large.zst | cmp - expected
cat large.zst | silently poolmap -d --long=28 | cmp - expected
silently poolmap -t --long=31 large.zst
