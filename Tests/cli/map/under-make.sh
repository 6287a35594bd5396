# Under make's job server at most one more command than tokens runs at a time, and all tokens return.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
seq 10000 19999 > in
# Each records how many run at the same time.
counts='mkdir run-$$; ls -d run-* | wc -l >> counts; sleep 0.02; rmdir run-$$; cat'
for tokens in "" a abc; do
    lay_out_tokens "$tokens"
    rm -f counts
    poolmap map --lines --chunk-size 4K in -- sh -c "$counts" | cmp - in
    most=$(sort -n counts | tail -1)
    ((most == (${#tokens} < 1 ? 1 : 2))) || fail "$most commands at a time with the tokens \"$tokens\""
    expect_tokens "$tokens"
    # Also if it fails or is ended.
    refuses 1 "chunk 3 " poolmap map --lines --chunk-size 4K -o out in -- sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 3 ]'
    expect_tokens "$tokens"
    exec {pool}>&-
    rm tokens
done
unset MAKEFLAGS
# An explicit -j sets the number.
cat > Makefile <<'END2'
out: in
	+@poolmap map --lines --chunk-size 4K -o $@ $< -- cat
END2
make -s -j3
same_file in out
