# Without -j there are as many workers as the process may use cores, not as the machine has.
. "$CLI_LIB"
mkfifo source
exec 3<> source
text 6000000 > in
start taskset -c "$(taskset -cp $$ | sed 's/.*: *//; s/[,-].*//')" poolmap --chunk-size 256K -o out.zst < source 3>&-
cat in >&3 &
feeder=$!
# One core needs no pool: the front does all of the work.
wait "$feeder"
same_text "" "$(manager_pid "$front")"
exec 3>&-
expect_end 0 "$front"
start poolmap -j 3 --chunk-size 256K -o out3.zst < <(cat in; sleep 2)
wait_workers "$front" 3
same_text 3 "$(worker_pids "$front" | wc -l)"
wait "$front"
same_file out.zst out3.zst
