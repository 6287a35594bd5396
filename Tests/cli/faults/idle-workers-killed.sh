# A worker that dies while it waits for work is replaced before it is needed.
. "$CLI_LIB"
mkfifo source
real_data 1500000 > in
start_from source poolmap compress -j 2 --chunk-size 64K -o out.zst
exec 3> source
part in 0 1000000 >&3
wait_workers "$front" 2
sleep 0.3
for _ in {1..10}; do
    victim=$(worker_pids "$front" | head -n 1)
    kill -KILL "$victim"
    wait_gone "$soon" "$victim"
    wait_workers "$front" 2
done
part in 1000000 500000 >&3
exec 3>&-
expect_end 0 "$front"
poolmap compress -j 1 --chunk-size 64K -c in | cmp - out.zst
