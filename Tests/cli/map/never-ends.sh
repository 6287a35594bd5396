# --timeout ends a command and all its children, even if it ignores SIGTERM, is stopped, or waits for a child.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
text 3000 > in
# ends LINE: ends the command LINE, whose process records its group in the file `group`.
ends() {
    rm -f group*
    refuses 1 "in: chunk 0 (bytes 0 to 2999): sh took longer than --timeout allows" \
        poolmap map -j "$jobs" --lines --timeout 0.2 -o out in -- sh -c 'echo $$ > group; '"$1"
    wait_until $soon no_groups_of group
    no_file out
}
for jobs in 1 2; do
    ends 'while :; do sleep 100; done'
    ends 'sleep 1000 & sleep 1000 & (sleep 1000) & wait'
    ends 'cat > /dev/null; sleep 1000'
    ends 'echo some; exec sleep 1000 > /dev/null'
    ends 'kill -STOP $$; exit 0'
    ends '(trap "" TERM; echo > group-there; sleep 1000) & until [ -e group-there ]; do :; done; wait'
    # Endless output does not delay it.
    ends 'yes'
done
jobs=2
ends 'trap "" TERM; while :; do sleep 1000; done'
# The limit applies to each attempt.
refuses 1 "sh took longer than --timeout allows, tried 3 times" \
    poolmap map --lines --timeout 0.1 --retries 2 in -- sh -c 'echo >> tries; sleep 1000'
same_text 3 "$(wc -l < tries)"
# A command that is done in time is not ended.
poolmap map --lines --timeout 1h in -- cat | cmp - in
# The other outputs are there.
same_text "1 2 3" "$(poolmap map --chunk-size 750 --timeout 0.2 --keep-going in 2> said -- \
    sh -c '[ $POOLMAP_CHUNK_INDEX != 0 ] || exec sleep 1000; echo $POOLMAP_CHUNK_INDEX' | xargs)"
one_error_line said "chunk 0 (bytes 0 to 749): sh took longer"
