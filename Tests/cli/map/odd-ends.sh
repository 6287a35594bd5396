# A command's output is what its own process has written when it ends, even if others keep its pipes open.
. "$CLI_LIB"
text 30000 > in
for jobs in 1 2; do
    # It closes its standard output and continues: its exit code still counts.
    run=(poolmap map -j $jobs --lines --chunk-size 10K)
    same_text "some some some" "$("${run[@]}" in -- sh -c 'echo some; exec >&-; cat > "rest-$POOLMAP_CHUNK_INDEX"' | xargs)"
    cat rest-0 rest-1 rest-2 | cmp - in
    refuses 1 "sh exited with code 5" "${run[@]}" -o out in -- \
        sh -c 'echo some; exec >&- 2>&-; cat > /dev/null; exit 5'
    no_file out
    # It closes all three.
    silently "${run[@]}" in -- sh -c 'exec <&- >&- 2>&-; exit 0'
    # Its daemon keeps the pipes open, and is not waited for.
    rm -f daemon-*
    same_text "0 1 2" "$("${run[@]}" in -- \
        sh -c 'setsid sleep 1000 & echo $! > daemon-$POOLMAP_CHUNK_INDEX; echo $POOLMAP_CHUNK_INDEX' | xargs)"
    # shellcheck disable=SC2046
    kill $(cat daemon-0 daemon-1 daemon-2)
    # Killed by a signal.
    for signal in KILL TERM SEGV PIPE; do
        refuses 1 "sh was killed by SIG$signal" "${run[@]}" -o out in -- \
            sh -c "ulimit -c 0; echo some; kill -$signal \$\$; sleep 100"
        no_file out
    done
    # A broken pipe inside it works as usual: head ends yes.
    same_text "y y y" "$("${run[@]}" in -- sh -c 'yes | head -n 1' | xargs)"
    # It has its own process group and session.
    "${run[@]}" in -- sh -c 'ps -o pid=,pgid=,sid= -p $$' | awk '$1 != $2 || $1 != $3 { exit 1 } END { exit NR != 3 }'
done
