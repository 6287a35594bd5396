# Without checksums each bit of the mark and of the tables still counts, and in the frames what zstd detects.
. "$CLI_LIB"
{ text 1024; head -c 1024 /dev/zero; noise 20; } > in
poolmap compress -q --no-check --chunk-size 1K in
size=$(size_of in.zst)
flip_each_bit in.zst flips
# The section table and the seek table of three frames; and after a header of seven bytes the six of the mark.
tables=$((size - 28 - 17 - 8 * 4))
all_refused test flips/0000[7-9]-* flips/0001[0-2]-* $(seq -f 'flips/%05.0f-0' $tables $((size - 1)))
# Of the bits of frames, those that zstd detects.
mapfile -t bad < <(zstd_refuses flips/*)
((${#bad[@]} > 300))
all_refused test "${bad[@]}"
