# A refused system call does not affect a test, or is one line; a damaged file never passes.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
{ text 300000 && noise 1200000; } > in
silently poolmap --chunk-size 64K -o good.zst in
cp good.zst bad.zst
patch bad.zst 900000 1 2 3 4 5
sound() { "${run[@]}" test -j 2 ../../good.zst; }
sound_is_right() { [[ ! -s said ]]; }
sound_is_undone() { true; }
refused_runs sound
damaged() { "${run[@]}" test -j 2 ../../bad.zst; }
damaged_is_right() { false; }
damaged_is_undone() { true; }
refused_runs damaged first
