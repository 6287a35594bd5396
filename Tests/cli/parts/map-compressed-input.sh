# map in parts also uses the content of a compressed input, if its frames state their content sizes.
. "$CLI_LIB"
seq 60000 > in
poolmap compress -q --chunk-size 20K in
# parts COUNT FILE OPTION…
parts() {
    local count=$1 file=$2 number
    shift 2
    rm -f out whole out.part-*
    silently poolmap map -q "$@" -o whole "$file" -- sh -c 'echo "$POOLMAP_CHUNK_INDEX $POOLMAP_CHUNK_OFFSET"; cat'
    for number in $(seq "$count"); do
        silently poolmap map -q --part "$number/$count" "$@" -o out "$file" -- \
            sh -c 'echo "$POOLMAP_CHUNK_INDEX $POOLMAP_CHUNK_OFFSET"; cat'
    done
    silently poolmap join -q -o out out.part-*
    same_file whole out "$count parts of $file with $*"
}
for count in 1 3 40; do parts $count in.zst --lines --chunk-size 30K; done
parts 3 in.zst --csv --chunk-size 30K --header 2 --output-header 0
parts 3 in.zst --lines --records 5000
parts 3 in.zst --chunk-size 7K
# The compressed bytes, with --no-decompress.
parts 3 in.zst --chunk-size 7K --no-decompress
# One small frame, by poolmap and by zstd, and one without content.
zstd -q -o one.zst in
parts 3 one.zst --lines --chunk-size 200K
: > none
poolmap compress -q none
parts 3 none.zst --lines
# The same for a file that needs a dictionary.
head -c 5000 in > dictionary
poolmap compress -q --chunk-size 20K -D dictionary -o words.zst in
parts 2 words.zst --lines --chunk-size 30K -D dictionary
# Frames that are too large, or have no content size: one line, and no part.
rm out out.part-*
zstd -q -c < in > stream.zst
for file in one.zst stream.zst; do
    refuses 1 "$file: has frames of more than 80000 bytes or of unknown content size" \
        poolmap map --part 1/3 --lines --chunk-size 20000 -o out $file -- cat
done
no_file out out.part-*
# Parts of the content and of the compressed bytes do not belong together; nor do those of different compressions.
poolmap map --part 1/2 --lines --chunk-size 30K -o out in.zst -- cat
poolmap map --part 2/2 --lines --chunk-size 30K --no-decompress -o out in.zst -- cat
refuses 1 "it was made with " poolmap join -o out out.part-*
no_file out
