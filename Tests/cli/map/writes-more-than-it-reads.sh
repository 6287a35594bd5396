# A command may write 100 times what it reads: output beyond --memory goes to TMPDIR, where nothing is left.
. "$CLI_LIB"
seq 100001 115000 > in
chmod 777 .
mkdir spill
export TMPDIR=$PWD/spill
hundredfold='cat > all; for n in 1 2 3 4 5 6 7 8 9 10; do cat all all all all all all all all all all; done; rm all'
hundredfold=${hundredfold//all/\"all-\$POOLMAP_CHUNK_INDEX\"}
poolmap map -j 1 --lines --chunk-size 10K in -- sh -c "$hundredfold" > expected
same_text 10500000 "$(size_of expected)"
for jobs in 1 3; do
    poolmap map -j $jobs --memory 64K --lines --chunk-size 10K in -- sh -c "$hundredfold" | cmp - expected
    poolmap map -j $jobs --memory 1M --lines --chunk-size 10K -o out -f -- sh -c "$hundredfold" < <(cat in)
    same_file expected out
done
# Standard error too, completely and without mixing.
poolmap map -j 2 --memory 64K --lines --chunk-size 50K in -- sh -c 'cat >&2' 2> said
sed 's/^in: chunk [0-9]*: //' said | cmp - in
same_text "" "$(ls -A spill)"
# Failed attempts leave nothing in the output, however much they wrote.
poolmap map -j 2 --memory 64K --lines --chunk-size 10K --retries 1 in -- \
    sh -c "$hundredfold"' ; [ -e again-$POOLMAP_CHUNK_INDEX ] || { : > again-$POOLMAP_CHUNK_INDEX; exit 1; }' > out
same_file expected out
# A missing folder is reported only when it is needed.
export TMPDIR=$PWD/nowhere
poolmap map -j 2 --lines --chunk-size 50K in -- cat | cmp - in
refuses 1 "cannot save the output of a command in $PWD/nowhere" \
    poolmap map -j 2 --memory 64K --lines --chunk-size 10K -o new in -- sh -c "$hundredfold"
no_file new
