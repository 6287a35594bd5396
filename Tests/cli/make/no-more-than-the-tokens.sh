# With 0, 1 or 3 tokens at most one more piece than tokens is in progress at a time, and at most one per core.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 1500000 > in
mkdir small
for number in {1..60}; do part in $((number * 16000)) $((9000 + number)) > small/$number; done
for tokens in "" a abc; do
    lay_out_tokens "$tokens"
    most=$((${#tokens} < 1 ? 1 : 2))
    # Large files in chunks as well as small ones in bundles.
    for work in "-19 --chunk-size 128K in" "-19 -r small" "-1 --chunk-size 64K in -r small"; do
        # shellcheck disable=SC2086
        start poolmap -q --report report -f --output-dir out $work
        least=9
        while is_running "$front"; do
            left=$(tokens_left)
            least=$((left < least ? left : least))
            workers=$(worker_pids "$front" | wc -l)
            ((${#tokens} > 0 || workers == 0)) || fail "$workers workers were forked without a token"
        done
        wait "$front"
        # One token for each core after the first.
        ((least >= ${#tokens} - 1)) || fail "$least of ${#tokens} tokens were left"
        busy=$(busy_at_once report)
        ((busy <= most)) || fail "$busy at a time with the tokens \"$tokens\": $work"
        # The last piece may be done before its token arrives.
        [[ $work != -19* ]] || ((busy == most)) || fail "$busy at a time with the tokens \"$tokens\": $work"
        expect_tokens "$tokens"
    done
    exec {pool}>&-
    rm tokens
done
zstd -q -dc out/in.zst | cmp - in
