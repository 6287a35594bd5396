# A command that ends without reading its whole chunk has not failed.
. "$CLI_LIB"
text 400000 > in
for jobs in 1 2; do
    for size in 10K 200K; do
        poolmap map -j $jobs --lines --chunk-size $size in -- head -n 1 > out
        # The first line of each chunk.
        awk -v size="$([[ $size == 200K ]] && echo 204800 || echo 10240)" '
            # A chunk ends with the first line that ends at or after its cut.
            at > next_cut || NR == 1 { print; next_cut = (int(at / size) + 1) * size }
            { at += length($0) + 1 }' in > expected
        same_file expected out
        silently poolmap map -j $jobs --lines --chunk-size $size in -- true
        silently poolmap map -j $jobs --lines --chunk-size $size -- true < <(cat in)
        poolmap map -j $jobs --lines --chunk-size $size -- head -n 1 < <(cat in) | cmp - out
    done
    # It closes its standard input at once, and continues to write.
    same_text 2000 "$(poolmap map -j $jobs --lines --chunk-size 200K in -- sh -c 'exec < /dev/null; head -c 1000 /dev/zero' | wc -c)"
done
