# After SIGINT, SIGTERM, SIGHUP or the manager's death finished work is kept; a dead worker does not even interrupt.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
real_data 6000000 > in
poolmap "${command[@]}" -q -o reference in
# One after another into the same target.
start_slowly 8 -j 2
interrupt INT 2
start_slowly 16 -j 2
interrupt TERM 15
start_slowly 24 -j 2
interrupt HUP 1
start_slowly 32 -j 2
kill -KILL "$(manager_pid "$front")"
expect_end 1 "$front"
one_error_line said "in: "
only_files in reference said out.partial out.resume
start_slowly 40 -j 2
for _ in 1 2; do
    kill -KILL "$(worker_pids "$front" | head -1)"
    wait_workers "$front" 2
done
wait_gone 20 "$front"
expect_exit 0 wait "$front"
same_text "" "$(< said)"
is_whole
