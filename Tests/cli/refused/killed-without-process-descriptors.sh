# Without pidfds a killed worker is replaced, and no process survives a killed front or manager.
. "$CLI_LIB"
{ text 300000 && noise 2000000; } > in
silently poolmap -19 --chunk-size 64K -o wanted in
start_refused() {
    start refuse pidfd_open=ENOSYS,pidfd_send_signal=ENOSYS -- poolmap -19 -j 2 -f --chunk-size 64K -o out in
    wait_workers "$front" 2
}
start_refused
kill -KILL "$(worker_pids "$front" | head -n 1)"
wait "$front" || fail "it ended with $?"
same_file out wanted
rm out

start_refused
# shellcheck disable=SC2207
everyone=($(descendants_of "$front"))
kill -KILL "$front"
expect_end 137 "$front" 2> /dev/null
wait_gone "$soon" "${everyone[@]}"
no_file out

start_refused 2> said
# shellcheck disable=SC2207
everyone=($(worker_pids "$front"))
kill -KILL "$(manager_pid "$front")"
expect_end 1 "$front" 2> /dev/null
one_error_line said in
wait_gone "$soon" "${everyone[@]}"
no_file out
