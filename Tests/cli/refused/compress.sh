# A refused system call does not affect a compression, or is one line without a target.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
{ text 300000 && noise 400000; } > in
silently poolmap --chunk-size 64K -o in.zst in
compression() { "${run[@]}" -j 2 --chunk-size 64K -o out ../../in; }
compression_is_right() { cmp -s out ../../in.zst; }
compression_is_undone() { [[ ! -e out ]]; }
refused_runs compression
