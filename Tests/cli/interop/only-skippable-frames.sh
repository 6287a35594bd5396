# A file with skippable frames only has no content, for poolmap as for zstd.
. "$CLI_LIB"
printf '\x50\x2a\x4d\x18\x05\x00\x00\x00hello\x5f\x2a\x4d\x18\x00\x00\x00\x00' > skips.zst
zstd -q -dc skips.zst | cmp - /dev/null
silently poolmap -dc skips.zst | cmp - /dev/null
cat skips.zst | silently poolmap -d | cmp - /dev/null
silently poolmap -t skips.zst
