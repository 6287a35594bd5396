# --max-output and --max-ratio refuse a file with more content before it is written, whatever the file claims.
. "$CLI_LIB"
# 80 MiB of zeros, with and without a size in the header; as one frame that is streamed, and as 80.
head -c 83886080 /dev/zero > zeros
zstd -q -o sized.zst zeros
zstd -q -c < zeros > unsized.zst
head -c 1048576 /dev/zero > one
for _ in {1..80}; do zstd -q -c < one; done > many.zst
poolmap compress -q --chunk-size 1M -o own.zst zeros
mkdir disk
for file in sized unsized many own; do
    refuses 1 "$file.zst: " poolmap decompress -j 1 --max-output 83886079 -o out $file.zst
    for limit in "--max-output 83886079" "--max-output 0" "--max-ratio 100"; do
        # shellcheck disable=SC2086
        {
            refuses 1 "$file.zst: " poolmap decompress -j 2 $limit -o out $file.zst
            grep -q -- "${limit% *}" "$CLI_NOTES/refusal" || fail "$limit is not named"
            refuses 1 "$file.zst: " poolmap test -j 2 $limit $file.zst
            refuses 1 "$file.zst: " poolmap decompress --salvage $limit -j 2 -o out $file.zst
            refuses 1 "standard input: " poolmap decompress -j 2 $limit -o out < <(cat $file.zst)
            no_file out
            refuses 1 "$file.zst: " poolmap cat $limit $file.zst > cat.out
            rm cat.out
        }
    done
    for limit in "--max-output 80M" "--max-output 1G --max-ratio 100000"; do
        # shellcheck disable=SC2086
        silently poolmap decompress $limit -f -o out $file.zst
        same_file out zeros
        # shellcheck disable=SC2086
        silently poolmap decompress $limit < <(cat $file.zst) | cmp - zeros
        # shellcheck disable=SC2086
        silently poolmap test $limit $file.zst
        rm out
    done
    # Standard output gets no more than the limit.
    expect_exit 1 poolmap decompress -c --max-output 1000000 $file.zst 2> said | head -c 2000000 > out
    (($(size_of out) <= 1000000)) || fail "$file: $(size_of out) bytes came out"
    silently poolmap cat --offset 100 --length 1000000 --max-output 1000000 $file.zst | cmp - <(head -c 1000000 zeros)
    refuses 1 $file.zst poolmap cat --offset 100 --length 1000001 --max-output 1000000 $file.zst > out
    rm out
done
# At no moment more than the limit: the disk has space for no more.
limited() {
    local file
    for file in "$@"; do
        code=0
        poolmap decompress -j 2 --max-output 4M -o disk/out "$file" 2> said || code=$?
        ((code == 1)) || fail "$file: exit code $code"
        one_error_line said --max-output
        no_file disk/out
    done
}
export -f limited no_file one_error_line fail
with_small_disk 5M bash -c 'code=0; limited "$@"' - sized.zst unsized.zst many.zst own.zst
# The limit applies to each file; files within it are restored.
text 1000000 > small
zstd -q small
refuses 1 sized.zst poolmap decompress --max-output 1M --output-dir restored sized.zst small.zst
same_file small restored/small
no_file restored/sized
# With --json.
poolmap test --json --max-output 1 small.zst 2> said || true
grep -q '^{"error": "tooLarge", "file": "small.zst"' said
for wrong in "--max-output x" "--max-ratio 0" "--max-ratio -1" "--max-output"; do
    # shellcheck disable=SC2086
    expect_exit 2 poolmap test $wrong small.zst 2> said
done
