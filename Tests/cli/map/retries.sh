# --retries gives a failed command the same bytes again, and only its last attempt counts.
. "$CLI_LIB"
text 20000 > in
# Fails the first N times, after reading and writing some or all.
fails='
    tries=$(cat "tries-$POOLMAP_CHUNK_INDEX" 2> /dev/null || echo 0)
    echo $((tries + 1)) > "tries-$POOLMAP_CHUNK_INDEX"
    [ $tries -ge TIMES ] || { [ $((POOLMAP_CHUNK_INDEX % 3)) = 0 ] || head -n $((POOLMAP_CHUNK_INDEX * 10)); $2 }
    cat'
failing() { rm -f tries-*; script=${fails/TIMES/$1}; script=${script/\$2/$2}; }
for end in 'exit 1;' 'kill -9 $$;' 'cat; exit 255;'; do
    for jobs in 1 2; do
        failing 2 "$end"
        poolmap map -j $jobs --lines --chunk-size 4K --retries 2 in -- sh -c "$script" | cmp - in
        failing 1 "$end"
        poolmap map -j $jobs --lines --chunk-size 4K --retries 3 -- sh -c "$script" < <(cat in) | cmp - in
        same_text 2 "$(sort -u tries-*)"
        failing 2 "$end"
        code=0
        poolmap map -j $jobs --lines --chunk-size 4K --retries 1 -o out in -- sh -c "$script" 2> said || code=$?
        ((code == 1))
        one_error_line said "in: chunk " ", tried 2 times"
        no_file out
        same_text 2 "$(sort -n tries-* | tail -1)"
    done
done
# A code in --success-codes is not a failure, and is not retried.
rm -f tries-*
poolmap map --lines --chunk-size 4K --retries 5 --success-codes 1,77 in -- grep -c '^123' > counts
same_text "$(grep -c '^123' in)" "$(paste -sd+ counts | bc 2> /dev/null || awk '{ s += $1 } END { print s }' counts)"
poolmap map --lines --chunk-size 4K --retries 5 --success-codes 77 in -- sh -c 'echo >> tries; cat; exit 77' | cmp - in
same_text "$(wc -l < counts)" "$(wc -l < tries)"
refuses 1 "sh exited with code 78" poolmap map --lines --success-codes 77 -o out in -- sh -c 'exit 78'
refuses 1 "sh was killed by SIGTERM" poolmap map --lines --success-codes 1,143 -o out in -- sh -c 'kill -TERM $$'
no_file out
