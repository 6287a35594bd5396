# The outputs together are the same bytes for each number of workers, from a file and from a pipe, for each cut.
. "$CLI_LIB"
text 40000 > lines
tr '\n' '\0' < lines > nulls
sed 's/$/\r/' lines > crlf
{ cat lines; printf 'no line end'; } > open
sed 's/7$/7==\t/' lines > marks
noise 40000 > bytes
sed 's/.*9$/"&\n&",x/' lines > table
sed 's/.*7$/>&/' lines > groups
# each INPUT OPTION…: cat returns the input; a command that numbers its chunks gives the same for each way to read it.
each() {
    local input=$1 jobs
    shift
    for jobs in 1 2 5; do
        # A command that shows where chunks begin.
        poolmap map -j $jobs "$@" "$input" -- sh -c 'echo "<$POOLMAP_CHUNK_INDEX>"; cat' > "of-file-$jobs"
        poolmap map -j $jobs "$@" < <(cat "$input") -- sh -c 'echo "<$POOLMAP_CHUNK_INDEX>"; cat' > "of-pipe-$jobs"
        same_file of-file-1 "of-file-$jobs" "$*, $jobs workers"
        same_file of-file-1 "of-pipe-$jobs" "$* of a pipe, $jobs workers"
    done
    poolmap map -j 2 "$@" "$input" -- cat | cmp - "$input" || fail "cat does not give back $input: $*"
    poolmap map -j 2 "$@" -o copy -f - -- cat < "$input"
    same_file "$input" copy
}
for size in 7K 1M; do
    each lines --lines --chunk-size $size
    each crlf --lines --chunk-size $size
    each open --lines --chunk-size $size
    each nulls -0 --chunk-size $size
    each marks --separator '==\t' --chunk-size $size
    each table --csv --chunk-size $size
    each groups --record-start '^>' --chunk-size $size
    each bytes --record-size 1000 --chunk-size $size
    each bytes --chunk-size $size
done
# A cut without a size has the default size.
each lines --lines
each bytes --record-size 7
each lines --lines --records 4000
