# --max-output and --max-ratio refuse an input with more content, before any command runs if the input states its size.
. "$CLI_LIB"
head -c 83886080 /dev/zero > zeros
zstd -q -o sized.zst zeros
zstd -q -c < zeros > unsized.zst
poolmap compress -q --chunk-size 1M -o own.zst zeros
for file in sized unsized own; do
    for limit in "--max-output 83886079" "--max-output 0" "--max-ratio 100"; do
        for jobs in 1 2; do
            # shellcheck disable=SC2086
            {
                refuses 1 "$file.zst: " poolmap map -j $jobs $limit --chunk-size 8M -o out $file.zst -- sh -c 'echo >> ran; cat'
                grep -q -- "${limit% *}" "$CLI_NOTES/refusal" || fail "$limit is not named"
                refuses 1 "standard input: " poolmap map -j $jobs $limit --chunk-size 8M -o out -- cat < <(cat $file.zst)
            }
            no_file out
        done
    done
    # Content that one process decompresses is read up to the limit.
    [[ $file != own ]] || no_file ran
    for limit in "--max-output 80M" "--max-output 1G --max-ratio 100000"; do
        # shellcheck disable=SC2086
        silently poolmap map $limit --chunk-size 8M $file.zst -- cat | cmp - zeros
        # shellcheck disable=SC2086
        silently poolmap map $limit --chunk-size 8M -- cat < <(cat $file.zst) | cmp - zeros
    done
    # Commands get no more than the limit.
    rm -f ran
    poolmap map --keep-going --max-output 1000000 --chunk-size 100K -o out $file.zst 2> said -- sh -c 'wc -c >> ran' || true
    [[ ! -e ran ]] || (($(paste -sd+ ran | bc) <= 1000000)) || fail "commands read more of $file.zst: $(< ran)"
    rm -f ran out
done
# Uncompressed input counts with its length; a ratio has no effect then.
head -c 1000000 zeros > plain
refuses 1 "plain: " poolmap map --max-output 999999 --chunk-size 100K -o out plain -- sh -c ': > ran'
no_file ran
refuses 1 "standard input: " poolmap map --max-output 999999 --chunk-size 100K -o out -- cat < <(cat plain)
no_file out
silently poolmap map --max-output 1000000 --max-ratio 1 --chunk-size 100K plain -- cat | cmp - plain
silently poolmap map --max-output 1000000 --max-ratio 1 --chunk-size 100K -- cat < <(cat plain) | cmp - plain
# The limit applies to each input; with --no-decompress the bytes of a compressed one are its content.
silently poolmap map --max-output 1000000 --chunk-size 100K plain plain -- cat | cmp - <(cat plain plain)
silently poolmap map --no-decompress --max-output 1M --chunk-size 100K own.zst -- cat | cmp - own.zst
poolmap map --json --max-output 1 --chunk-size 1K plain -- cat 2> said || true
grep -q '^{"error": "tooLarge", "file": "plain"' said
for wrong in "--max-output x" "--max-ratio 0" "--max-output="; do
    # shellcheck disable=SC2086
    expect_exit 2 poolmap map --lines $wrong plain -- cat 2> said
done
