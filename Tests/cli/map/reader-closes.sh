# A reader that closes the pipe ends the run quietly by SIGPIPE, together with its commands.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 29999 > in
# closes READER COMMAND…: the reader takes the first line, and ends.
closes() {
    local status
    set +e +o pipefail
    "${@:2}" 2> said | $1 > first
    status=${PIPESTATUS[0]}
    set -e -o pipefail
    ((status == 141)) || fail "the status is $status, expected 141 as of SIGPIPE: $*"
    same_text "" "$(< said)"
    same_text 10000 "$(< first)"
    wait_until $soon no_groups_of group-*
    rm -f group-*
}
# Later, nothing is written any more that could meet the closed pipe.
later() {
    head -n 1
    wait_until 20 test -s group-5
}
# More than a pipe holds at first, and others that would not end.
writes='echo $$ > group-$POOLMAP_CHUNK_INDEX; cat; [ $POOLMAP_CHUNK_INDEX -lt 5 ] || sleep 1000'
for jobs in 1 2; do
    map=(poolmap map -j $jobs --lines --chunk-size 20K)
    for reader in "head -n 1" later; do
        closes "$reader" "${map[@]}" in -- sh -c "$writes"
        closes "$reader" "${map[@]}" -- sh -c "$writes" < <(cat in)
        closes "$reader" "${map[@]}" --keep-going --retries 5 in -- sh -c "$writes"
        closes "$reader" "${map[@]}" --halt never in in in -- sh -c "$writes"
    done
    # Commands that write nothing have work to do all the same.
    set +o pipefail
    "${map[@]}" in -- sh -c 'cat > made-$POOLMAP_CHUNK_INDEX' | true
    same_text 0 "${PIPESTATUS[0]}"
    set -o pipefail
    cat made-? | cmp - in
    rm made-?
done
