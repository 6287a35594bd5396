# Common first lines of outputs are in a part once, and in the whole once; parts with different lines are not joined.
. "$CLI_LIB"
{ printf 'name,count\n----,-----\n'; seq -f 'n,%g' 3000; } > in

# parts COUNT COMMAND…: for the file `in`.
parts() {
    local count=$1 number
    shift
    rm -f out whole out.part-*
    silently poolmap map -q --csv --chunk-size 3K --header 2 -o whole in -- "$@"
    for number in $(seq "$count"); do
        silently poolmap map -q --part "$number/$count" --csv --chunk-size 3K --header 2 -o out in -- "$@"
    done
    silently poolmap join -q -o out out.part-*
    same_file whole out "$count parts of $*"
}
for count in 1 2 7; do
    parts $count cat
    same_file in out
    # Empty outputs: before the first lines, after them, and all.
    parts $count sh -c '[ $POOLMAP_CHUNK_INDEX -lt 5 ] || cat'
    parts $count sh -c '[ $POOLMAP_CHUNK_INDEX -ge 5 ] || cat'
    parts $count true
    [[ ! -s out ]]
    # Nothing but the first lines, and less.
    parts $count head -2
    same_file out <(head -2 in)
    parts $count head -1
done
# More parts than chunks.
parts 30 cat
same_file in out

# Lines that differ: one run fails, and so does a part or the join.
other='head -1; echo "$((POOLMAP_CHUNK_OFFSET / 16000))"; cat'
refuses 1 "header lines" poolmap map -q --csv --chunk-size 3K --header 2 -o no in -- sh -c "$other"
rm -f out*
for number in 1 2; do
    refuses 1 "header lines" poolmap map --part $number/2 --csv --chunk-size 3K --header 2 -o out in -- sh -c "echo \$POOLMAP_CHUNK_INDEX; cat"
done
only_files in whole
half=$(($(size_of in) / 2))
for number in 1 2; do
    silently poolmap map --part $number/2 --csv --chunk-size 3K --header 2 -o out in -- \
        sh -c "head -1; echo \$((POOLMAP_CHUNK_OFFSET > $half)); cat"
done
refuses 1 "out.part-2-of-2 its outputs do not begin with the 2 header lines of the first part" poolmap join -o out out.part-*
no_file out
