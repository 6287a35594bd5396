# Outputs are in the order of the input, even if the first chunk is done last; --unordered writes each as it is done.
. "$CLI_LIB"
seq 10000 17999 > in
# The first ends after the others, as far as they may start before it.
first_waits='
    if [ "$POOLMAP_CHUNK_INDEX" = 0 ]; then
        until [ -e done-3 ]; do sleep 0.01; done
    fi
    cat
    : > "done-$POOLMAP_CHUNK_INDEX"'
for source in file pipe; do
    rm -f done-*
    if [[ $source == file ]]; then
        poolmap map -j 2 --lines --chunk-size 4K in -- sh -c "$first_waits" > out
    else
        poolmap map -j 2 --lines --chunk-size 4K -- sh -c "$first_waits" < <(cat in) > out
    fi
    same_file in out
    rm -f done-*
    poolmap map -j 2 --lines --chunk-size 4K --unordered in -- sh -c "$first_waits" > out
    # The same lines in another order.
    ! cmp -s in out || fail "the first chunk was done last, but its output comes first"
    sort out | cmp - in
done
# Never mixed: each output is a line of one letter, whatever the timing.
poolmap map -j 5 --unordered --chunk-size 1024 in -- sh -c 'for n in 1 2 3 4 5 6 7 8; do printf "%s " $POOLMAP_CHUNK_INDEX; done; echo' > mixed
awk '{ for (n = 2; n <= 8; n++) if ($n != $1) exit 1 } NF != 8 { exit 1 } END { print NR }' mixed > count
same_text 47 "$(< count)"
same_text "$(seq 0 46 | xargs)" "$(cut -d' ' -f1 mixed | sort -n | xargs)"
