# A producer that ends early gives a valid end for compress, and an error for decompress.
. "$CLI_LIB"
real_data 1000000 > in
poolmap compress -q --chunk-size 64K in
for jobs in 1 2; do
    head -c 300000 in | poolmap compress -j $jobs --chunk-size 64K | poolmap decompress -j $jobs | cmp - <(part in 0 300000)
    refuses 1 "standard input" poolmap decompress -j $jobs -o out < <(head -c 300000 in.zst)
    refuses 1 "standard input" poolmap decompress -j $jobs -o out < <(head -c 300000 in.zst; kill -KILL "$BASHPID")
    no_file out
done
