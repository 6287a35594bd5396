# A damaged file gives the same bytes and the same lines for every number of workers, to a file and to a pipe.
. "$CLI_LIB"
real_data 3000000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
split -b 100000 in piece.
zstd -q -c piece.?? > frames.zst
for file in own frames; do
    cp $file.zst bad.zst
    for step in 1 2 4 7 8; do
        patch bad.zst $(($(size_of bad.zst) * step / 10)) 1 2 3 4
    done
    for omit in "" --omit; do
        # shellcheck disable=SC2086
        expect_exit 1 poolmap decompress -j 1 --salvage $omit -f -o expected bad.zst 2> expected.said
        for jobs in 2 3; do
            # shellcheck disable=SC2086
            expect_exit 1 poolmap decompress -j $jobs --salvage $omit -f -o out bad.zst 2> said
            same_file expected out "$file, $jobs workers"
            same_file expected.said said
            # shellcheck disable=SC2086
            expect_exit 1 poolmap decompress -j $jobs --salvage $omit -c bad.zst 2> said > >(cat > piped)
            wait $!
            same_file expected piped "$file, $jobs workers"
        done
    done
done
