# A refused system call does not affect a hash, or is one line without a wrong digest.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
{ text 300000 && noise 2500000; } > in
poolmap hash in | sed 's|in$|../../in|' > digest
large() { "${run[@]}" hash -j 2 ../../in > out; }
large_is_right() { cmp -s out ../../digest; }
large_is_undone() { begins out ../../digest; }
refused_runs large
mkdir tree
for number in {10..49}; do
    head -c $((number * 700)) in > tree/$number
done
(cd tree && poolmap hash -r . > ../digests)
most_lines=50
small() { (cd ../../tree && "${run[@]}" hash -j 2 -r .) > out; }
small_is_right() { cmp -s out ../../digests; }
small_is_undone() { [[ -z $(comm -23 <(sort out) <(sort ../../digests)) ]]; }
refused_runs small first
