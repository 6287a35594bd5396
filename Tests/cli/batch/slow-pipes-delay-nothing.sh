# A named pipe or standard input without a writer delays no other file.
. "$CLI_LIB"
mkdir files
for number in {1..12}; do noise $((number * 20000)) $number > "files/$number"; done
mkfifo slow input
all_there() { (($(find "$1" -name "$2" -printf x | wc -c) == 12)); }
for jobs in 1 2 3; do
    # First there is no writer at all, then one that has written half a chunk.
    start poolmap compress -j $jobs --chunk-size 64K slow files/{1..12} < /dev/null 4>&-
    wait_until 20 all_there files '*.zst'
    is_running "$front"
    no_file slow.zst
    text 100000 > slow
    expect_end 0 "$front"
    zstd -q -dc slow.zst | cmp - <(text 100000)
    rm slow.zst files/*.zst
    exec 4<> slow
    text 30000 >&4
    start poolmap compress -j $jobs --chunk-size 64K files/{1..6} slow files/{7..12} < /dev/null 4>&-
    wait_until 20 all_there files '*.zst'
    is_running "$front"
    no_file slow.zst
    exec 4>&-
    expect_end 0 "$front"
    zstd -q -dc slow.zst | cmp - <(text 30000)
    rm slow.zst files/*.zst
    # The same for standard input, whose result goes to standard output.
    exec 4<> input
    start poolmap compress -j $jobs --chunk-size 64K - files/{1..12} < input > out 4>&-
    text 30000 >&4
    wait_until 20 all_there files '*.zst'
    is_running "$front"
    exec 4>&-
    expect_end 0 "$front"
    zstd -q -dc out | cmp - <(text 30000)
    # Results that wait for their turn at standard output hold no resource that an earlier file needs.
    rm files/*.zst
    noise 2000000 > large
    exec 4<> slow
    start poolmap compress -j $jobs --chunk-size 64K files/{1..6} slow - files/{7..12} < large > out 4>&-
    wait_until 20 all_there files '*.zst'
    text 300000 >&4
    exec 4>&-
    expect_end 0 "$front"
    zstd -q -dc out | cmp - large
    zstd -q -dc slow.zst | cmp - <(text 300000)
    rm slow.zst
    ((jobs == 3)) || rm files/*.zst
done
# The same for decompression, which finds frames as they arrive.
mkdir restored
exec 4<> input
poolmap compress -c files/12 > whole && head -c 3000 whole >&4
start poolmap decompress -j 2 --output-dir restored - files/{1..12}.zst < input > out 4>&-
wait_until 20 all_there restored '[0-9]*'
is_running "$front"
tail -c +3001 whole >&4
exec 4>&-
expect_end 0 "$front"
same_file files/12 out
diff -r <(cd files && sha256sum {1..12}) <(cd restored && sha256sum {1..12})
