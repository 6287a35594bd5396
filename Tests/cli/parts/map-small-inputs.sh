# Parts of a map over tiny or empty inputs: the bytes of one run; the one chunk of an empty input is in the first part.
. "$CLI_LIB"
# parts COUNT OPTION…: one run and the joined parts of the file `in` are the same.
parts() {
    local count=$1 number command='echo "$POOLMAP_CHUNK_INDEX $POOLMAP_CHUNK_OFFSET $POOLMAP_CHUNK_LENGTH"; cat'
    shift
    rm -f out whole out.part-*
    silently poolmap map -q "$@" -o whole in -- sh -c "$command"
    for number in $(seq "$count"); do
        silently poolmap map -q --part "$number/$count" "$@" -o out in -- sh -c "$command"
    done
    silently poolmap join -q -o out out.part-*
    same_file whole out "$count parts with $*"
}

# Shares of one byte, and empty ones.
printf 'a\nb\nc\n' > in
for count in 6 13; do
    parts $count --chunk-size 1
    parts $count --lines --chunk-size 1
    parts $count --lines --header 1 --output-header 0
done
# An empty input, and one with nothing but a header: one empty chunk.
: > in
for count in 1 3; do
    parts $count --lines
    parts $count --chunk-size 1K --header 2 --output-header 0
done
printf 'one\ntwo\n' > in
for count in 1 2 9; do parts $count --lines --header 2 --output-header 0; done
