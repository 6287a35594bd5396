# --chunk-size takes bytes and the suffixes K, M, G in their usual spellings; the size decides the frames.
. "$CLI_LIB"
text 1300000 > in
chunk_bytes() {
    poolmap compress -q -f --chunk-size "$1" in
    poolmap list --json in.zst | python3 -c 'import json, sys; file = json.load(sys.stdin)[0]; print(file["chunkBytes"], file["frames"])'
}
same_text "1024 1270" "$(chunk_bytes 1024)"
same_text "1024 1270" "$(chunk_bytes 1K)"
same_text "1025 1269" "$(chunk_bytes 1025)"
for spelling in 64K 64k 64KB 64KiB 64kib 65536; do
    same_text "65536 20" "$(chunk_bytes "$spelling")"
done
for spelling in 1M 1m 1MB 1MiB 1024K 1048576; do
    same_text "1048576 2" "$(chunk_bytes "$spelling")"
done
zstd -q -dc in.zst | cmp - in
# Other sizes give other bytes, but the same content.
poolmap compress -c --chunk-size=100000 in | zstd -dc | cmp - in
