# A reader that closes the pipe ends the run quietly by SIGPIPE, together with its commands.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 29999 > in
closes() {
    local status
    set +e +o pipefail
    "$@" 2> said | head -n 1 > first
    status=${PIPESTATUS[0]}
    set -e -o pipefail
    ((status == 141)) || fail "the status is $status, expected 141 as of SIGPIPE: $*"
    same_text "" "$(< said)"
    same_text 10000 "$(< first)"
    wait_until $soon no_groups_of group-*
    rm -f group-*
}
for jobs in 1 2; do
    # More than a pipe holds, and others that would not end.
    writes='echo $$ > group-$POOLMAP_CHUNK_INDEX; cat; [ $POOLMAP_CHUNK_INDEX -lt 5 ] || sleep 1000'
    closes poolmap map -j $jobs --lines --chunk-size 20K in -- sh -c "$writes"
    closes poolmap map -j $jobs --lines --chunk-size 20K -- sh -c "$writes" < <(cat in)
    closes poolmap map -j $jobs --lines --chunk-size 20K --keep-going --retries 5 in -- sh -c "$writes"
done
