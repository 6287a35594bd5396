# map uses the content of a compressed input: the same chunks as of the plain file, from any compressor, and from pipes.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 59999 > in
poolmap compress -q --chunk-size 20K -o frames.zst in
poolmap compress -q -o one.zst in
zstd -q -o foreign.zst in
pzstd -q -p 2 -o parallel.zst in 2> said || true
cat <(head -c 100000 in | zstd -q) <(tail -c +100001 in | zstd -q) > joined.zst
: > empty
poolmap compress -q -o empty.zst empty
files=(frames one foreign joined)
[[ ! -s parallel.zst ]] || files+=(parallel)
chunks_of --lines --chunk-size 30K in > expected
for jobs in 1 2; do
    for file in "${files[@]}"; do
        chunks_of -j $jobs --lines --chunk-size 30K $file.zst > seen
        same_file expected seen "$file"
        poolmap map -j $jobs --lines --chunk-size 30K $file.zst -- cat | cmp - in || fail "$file.zst"
        poolmap map -j $jobs --record-size 7 --chunk-size 9K $file.zst -- cat | cmp - in || fail "$file.zst"
        poolmap map -j $jobs --lines --chunk-size 30K -- cat < <(cat $file.zst) | cmp - in || fail "$file.zst in a pipe"
        poolmap map -j $jobs --lines --chunk-size 30K --header 2 -- cat < $file.zst | cmp - in || fail "$file.zst as standard input"
    done
    poolmap map -j $jobs --lines --chunk-size 30K frames.zst in -- cat | cmp - <(cat in in)
    same_text "0 0" "$(chunks_of -j $jobs --lines empty.zst)"
    # The compressed bytes.
    poolmap map -j $jobs --no-decompress --chunk-size 10K frames.zst -- cat | cmp - frames.zst
    # Damage is an error, and nothing is published.
    cp frames.zst damaged.zst
    patch damaged.zst 20000 1 2 3 4 5
    refuses 1 "damaged.zst: " poolmap map -j $jobs --lines --chunk-size 30K -o out damaged.zst -- cat
    head -c 20000 frames.zst > cut.zst
    refuses 1 "cut.zst: " poolmap map -j $jobs --lines --chunk-size 30K -o out cut.zst -- cat
    head -c 9000 foreign.zst > cut.zst
    refuses 1 "cut.zst: " poolmap map -j $jobs --lines --chunk-size 30K -o out cut.zst -- cat
    refuses 1 "standard input: " poolmap map -j $jobs --lines --chunk-size 30K -o out -- cat < <(cat cut.zst)
    no_file out
done
