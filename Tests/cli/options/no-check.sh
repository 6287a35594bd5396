# --no-check omits the checksums of frames and tables; the result is smaller and can be restored.
. "$CLI_LIB"
real_data 500000 > in
silently poolmap compress --no-check --chunk-size 64K -o without.zst in
silently poolmap compress --chunk-size 64K -o with.zst in
(($(size_of without.zst) < $(size_of with.zst)))
zstd -q -dc without.zst | cmp - in
poolmap -dc without.zst | cmp - in
cat without.zst | poolmap -d | cmp - in
silently poolmap test without.zst with.zst
poolmap list --json without.zst | grep -q '"checksum": null'
poolmap list --json with.zst | grep -q '"checksum": "XXH64"'
zstd -lv with.zst 2>&1 | grep -q XXH64
cat without.zst with.zst | poolmap -d | cmp - <(cat in in)
