# Twenty workers killed while they hold frames of a pipe: every byte comes out, once and in order.
. "$CLI_LIB"
real_data 12000000 > in
poolmap compress -q -1 --chunk-size 128K -o in.zst in
mkfifo source
start_from source poolmap decompress -j 3 > out 2> said
exec 3> source
head -c 2000000 in.zst >&3
wait_workers "$front" 3
offset=2000000
piece=$((($(size_of in.zst) - offset) / 19))
for round in {1..20}; do
    # Stopped first, so that it certainly holds its frames when it is killed.
    victim=$(worker_pids "$front" | shuf -n 1 --random-source=<(noise 1000 $round))
    kill -STOP "$victim" 2> /dev/null
    part in.zst "$offset" "$piece" >&3
    offset=$((offset + piece))
    kill -KILL "$victim"
    wait_workers "$front" 3
done
part in.zst "$offset" 100000000 >&3
exec 3>&-
expect_exit 0 wait "$front"
same_file in out
same_text "" "$(< said)"
