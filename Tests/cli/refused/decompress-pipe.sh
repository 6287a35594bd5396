# A refused system call does not affect a decompression from pipe to pipe, or is one line.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
{ text 300000 && noise 400000; } > in
silently poolmap --chunk-size 64K -o in.zst in
decompression() { "${run[@]}" -d -j 2 -c < <(exec cat ../../in.zst) > out; }
decompression_is_right() { cmp -s out ../../in; }
decompression_is_undone() { begins out ../../in; }
refused_runs decompression
