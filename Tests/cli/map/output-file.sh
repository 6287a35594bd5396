# The file of -o appears when all chunks have succeeded, not before; an old one stays if any has failed.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
text 30000 > in
echo old > old
for jobs in 1 2; do
    run=(poolmap map -j $jobs --lines --chunk-size 10K)
    # The last chunk fails.
    refuses 1 "chunk 2 " "${run[@]}" -o out in -- sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 2 ]'
    refuses 1 "chunk 2 " "${run[@]}" -f -o old in -- sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 2 ]'
    refuses 1 "chunk 2 " "${run[@]}" -f -o old in -- sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 2 ]' < <(cat in)
    same_text old "$(< old)"
    # Without -f an old one is not replaced, and no command is run.
    refuses 1 "old already exists; use -f" "${run[@]}" -o old in -- sh -c ': > ran'
    no_file out ran
    same_text old "$(< old)"
    # An input is never the output.
    refuses 1 "in" "${run[@]}" -f -o in in -- sh -c ': > ran'
    refuses 1 "in" "${run[@]}" -f -o in -- sh -c ': > ran' < in
    refuses 1 "./in" "${run[@]}" -f -o in ./in -- sh -c ': > ran'
    code=0
    "${run[@]}" in -- sh -c ': > ran' >> in 2> said || code=$?
    ((code == 1))
    one_error_line said
    no_file ran
    text 30000 | cmp - in
    silently "${run[@]}" -o new in -- cat
    same_file in new
    silently "${run[@]}" -f -o new in -- tr 0-9 a-j
    tr 0-9 a-j < in | cmp - new
    rm new
    silently "${run[@]}" -o - in -- cat > new
    same_file in new
    rm new
done
# It has no name before it is complete.
start poolmap map -j 2 --lines --chunk-size 10K -o new in -- sh -c 'cat; : > done-$POOLMAP_CHUNK_INDEX; until [ -e go ]; do sleep 0.01; done'
wait_until 20 exist 2 done-0 done-1
no_file new
: > go
expect_exit 0 wait "$front"
same_file in new
refuses 1 "folder/new" poolmap map --lines -o folder/new in -- cat
only_files in old new go said done-0 done-1 done-2
