# A refused system call does not affect a decompression, or is one line without a target.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
# More than one worker would process whole.
{ text 300000 && noise 1200000; } > in
silently poolmap --chunk-size 64K -o in.zst in
decompression() { "${run[@]}" -d -j 2 -o out ../../in.zst; }
decompression_is_right() { cmp -s out ../../in; }
decompression_is_undone() { [[ ! -e out ]]; }
refused_runs decompression
