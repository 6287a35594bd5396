# --compress writes files as compress does: the same bytes for all workers, complete, even with empty outputs.
. "$CLI_LIB"
seq 100000 399999 > in
chmod 777 .
mkdir spill
export TMPDIR=$PWD/spill
# compressed WANTED -- COMMAND…: the output is WANTED, with any number of workers and from any input.
compressed() {
    local wanted=$1
    shift
    poolmap map --lines --chunk-size 128K --compress -o first.zst -f in "$@"
    poolmap test first.zst 2> /dev/null
    zstd -q -dc first.zst | cmp - "$wanted"
    for jobs in 1 2 3; do
        poolmap map -j $jobs --lines --chunk-size 128K --compress "$@" < in | cmp - first.zst
        poolmap map -j $jobs --memory 64K --lines --chunk-size 128K --compress "$@" < <(cat in) | cmp - first.zst
    done
}
compressed in -- cat
poolmap list first.zst | grep -q 'complete *first.zst$'
# Chunks without output have no frame: also the first, and all but one, whose frame is then plain.
grep ^3000 in > some
compressed some -- sed -n /^3000/p
same_text 1 "$(poolmap list --json first.zst | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["frames"])')"
grep '[23]9999$' in > some
compressed some -- sed -n '/[23]9999$/p'
poolmap list first.zst | grep -q complete
: > none
compressed none -- sed -n /x/p
same_text "$(zstd -q -c none | xxd -p)" "$(xxd -p first.zst)"
# A command that writes more than fits in a frame.
tenfold='cat > all-$$; for n in 1 2 3 4 5 6 7 8 9 10; do cat all-$$; done; rm all-$$'
poolmap map --lines --chunk-size 1M -j 1 in -- sh -c "$tenfold" > tenfold
for jobs in 1 2; do
    poolmap map --lines --chunk-size 1M -j $jobs --compress in -- sh -c "$tenfold" > tenfold.$jobs
    zstd -q -dc tenfold.$jobs | cmp - tenfold
done
same_file tenfold.1 tenfold.2
# The content of a compressed file, compressed again: it is never on disk uncompressed.
zstd -q in
for jobs in 1 2; do
    poolmap map -j $jobs --lines --chunk-size 128K --compress --success-codes 1 in.zst -- grep 7 | zstd -q -dc | cmp - <(grep 7 in)
done
# Common first lines are written once; if some output has different ones, that is an error, as without --compress.
{ echo head; cat in; } > table
for more in "" "-j 1"; do
    poolmap map $more --lines --header 1 --chunk-size 128K --compress table -- cat > out.zst
    zstd -q -dc out.zst | cmp - table
    poolmap map $more --lines --header 1 --chunk-size 128K --compress -- cat < <(cat table) | cmp - out.zst
done
refuses 1 "header lines" poolmap map --lines --header 1 --chunk-size 128K --compress -o none.zst table -- \
    sh -c 'read -r line; echo "$POOLMAP_CHUNK_INDEX"; cat'
no_file none.zst
# Levels, and no checksums.
poolmap map --lines --compress -19 in -- cat > small.zst
poolmap map --lines --compress --level 19 in -- cat | cmp - small.zst
poolmap map --lines --compress -1 --no-check in -- cat > fast.zst
(($(size_of small.zst) < $(size_of fast.zst)))
zstd -q -dc fast.zst | cmp - in
poolmap list fast.zst | grep -qi none
# Outputs that are joined other than by concatenation.
poolmap map --lines --chunk-size 128K --compress --reduce sum in -- cat | zstd -q -dc > sum
same_text "$(awk '{ s += $1 } END { printf "%.0f", s }' in)" "$(cat sum)"
sort -R --random-source=in in > mixed
for jobs in 1 2; do
    poolmap map -j $jobs --lines --chunk-size 64K --compress --reduce 'sort -m {}' -o sorted.$jobs.zst mixed -- sort
    zstd -q -dc sorted.$jobs.zst | cmp - in
done
same_file sorted.1.zst sorted.2.zst
poolmap map -j 2 --lines --chunk-size 512K --compress --output-template 'part-{index}.zst' in -- cat
poolmap test part-*.zst 2> /dev/null
zstd -q -dc part-0.zst part-1.zst part-2.zst part-3.zst part-4.zst | cmp - in
# A command that fails once, or always.
poolmap map -j 2 --lines --chunk-size 128K --compress --retries 1 -o again.zst in -- \
    sh -c 'if [ -e "tried-$POOLMAP_CHUNK_INDEX" ]; then cat; else : > "tried-$POOLMAP_CHUNK_INDEX"; head -n 100; exit 1; fi'
zstd -q -dc again.zst | cmp - in
refuses 1 "in: chunk " poolmap map -j 2 --lines --chunk-size 128K --compress -o none.zst in -- false
no_file none.zst
refuses 2 "--level requires --compress" poolmap map --lines -9 in -- cat
refuses 2 "--no-check requires --compress" poolmap map --lines --no-check in -- cat
refuses 2 "between 1 and 19" poolmap map --lines --compress --level 20 in -- cat
same_text "" "$(ls -A spill)"
