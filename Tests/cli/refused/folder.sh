# A refused system call does not affect a tree of small files, or is one line for each that fails.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
mkdir -p tree/below
for number in {10..29}; do
    text $((number * 700)) > tree/below/$number
done
silently poolmap -r -j 2 --output-dir wanted tree
most_lines=30
compression() { "${run[@]}" -r -j 2 --output-dir out ../../tree; }
compression_is_right() { diff -r out ../../wanted > /dev/null 2>&1; }
# Existing targets are right.
compression_is_undone() {
    [[ ! -e out ]] || ! diff -r out ../../wanted | grep -qv '^Only in ../../wanted'
}
refused_runs compression
