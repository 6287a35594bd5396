# Stopping and continuing processes, together or one at a time, loses nothing.
. "$CLI_LIB"
real_data 4000000 > in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
mkfifo source
start_from source poolmap compress -j 2 --chunk-size 64K -o out
exec 3> source
part in 0 1000000 >&3
wait_workers "$front" 2
# shellcheck disable=SC2207
everyone=("$front" $(manager_pid "$front") $(worker_pids "$front"))
offset=1000000
for process in "${everyone[@]}"; do
    kill -STOP "$process"
    part in $offset 30000 >&3
    offset=$((offset + 30000))
    sleep 0.1
    kill -CONT "$process"
done
kill -STOP "${everyone[@]}"
sleep 0.1
kill -CONT "${everyone[@]}"
part in $offset 10000000 >&3
exec 3>&-
expect_exit 0 wait "$front"
same_file reference.zst out
