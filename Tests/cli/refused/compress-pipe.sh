# A refused system call does not affect a compression from pipe to pipe, or is one line.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
{ text 300000 && noise 400000; } > in
silently poolmap --chunk-size 64K -o in.zst in
compression() { "${run[@]}" -j 2 --chunk-size 64K -c < <(exec cat ../../in) > out; }
compression_is_right() { cmp -s out ../../in.zst; }
compression_is_undone() { begins out ../../in.zst; }
refused_runs compression
