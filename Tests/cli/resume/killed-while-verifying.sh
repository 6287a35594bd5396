# Killed while kept work is verified: a worker is replaced, the front leaves everything for the next run.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
# Much to read and little to compress, so that verifying takes a while.
fallocate -l 500M in
command=(compress --resume -1 --chunk-size 1M)
poolmap "${command[@]}" -q -o reference in
interrupted_by_limit 24 -j 2
kept=$(records out)
((kept > 300)) || fail "only $kept frames are kept"
# verifies: starts a run and stops its front while it still waits for its workers' results.
verifies() {
    local try
    for try in 1 2 3 4 5; do
        start poolmap "${command[@]}" -v -j 2 -o out in 2> said
        wait_workers "$front" 2
        kill -STOP "$front"
        # The message about the sandbox is printed when the first worker starts.
        grep -q 'keeping' said || return 0
        kill -CONT "$front"
        interrupt KILL 9
    done
    fail "$try times it was done with verifying before it could be stopped"
}
verifies
# While it is stopped: if it continued, it might keep more before it dies.
interrupt KILL 9
same_text "$kept" "$(records out)"
verifies
worker=$(worker_pids "$front" | head -1)
kill -KILL "$worker"
wait_gone "$soon" "$worker"
kill -CONT "$front"
wait_gone 20 "$front"
expect_exit 0 wait "$front"
grep -qx "in: keeping $kept of 500 chunks" said
is_whole
