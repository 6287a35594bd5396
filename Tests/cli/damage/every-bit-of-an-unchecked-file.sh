# Without checksums each bit of header and seek table counts still, and in the frames what zstd notices.
. "$CLI_LIB"
{ text 1024; head -c 1024 /dev/zero; noise 20; } > in
poolmap compress -q --no-check --chunk-size 1K in
size=$(size_of in.zst)
flip_each_bit in.zst flips
# The seek table of a header and three frames.
table=$((size - 17 - 8 * 4))
all_refused test flips/000[0-3]?-* flips/0004[0-3]-* $(seq -f 'flips/%05.0f-0' $table $((size - 1)))
# Of the frames those that zstd finds bad.
mapfile -t bad < <(zstd_refuses flips/*)
((${#bad[@]} > 300))
all_refused test "${bad[@]}"
