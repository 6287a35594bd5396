# Inputs that end around a chunk's end, have no chunk or one, give the same in fewer and in more parts than chunks.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
text 20000 > text
for size in 0 1 1023 1024 1025 2047 2048 2049 3071 3073 4096; do
    head -c $size text > in
    poolmap compress -q -j 1 --chunk-size 1K -f -o whole in
    for count in 1 2 3 5; do
        silently each_part $count poolmap compress -j 1 --chunk-size 1K -o out in
        joins_to whole out $count
        # shellcheck disable=SC2046
        cat $(parts_of out $count) | zstd -q -dc | cmp - in
        rm out*
        silently each_part $count poolmap decompress -j 1 -o out whole
        joins_to in out $count
        rm out*
    done
done
# The border of the shares of 3 parts is at a chunk's border, and a byte before and after it.
for size in $((3 * 4096 - 1)) $((3 * 4096)) $((3 * 4096 + 1)) $((3 * 4096 + 3)); do
    head -c $size text > in
    poolmap compress -q -j 1 --chunk-size 4K -f -o whole in
    silently each_part 3 poolmap compress -j 1 --chunk-size 4K -o out in
    joins_to whole out 3
    # shellcheck disable=SC2046
    cat $(parts_of out 3) | zstd -q -dc | cmp - in
    rm out*
done
