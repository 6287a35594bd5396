# Workers killed while they write to their places in the target: the target is still complete.
. "$CLI_LIB"
real_data 40000000 > in
poolmap compress -q -1 --chunk-size 64K -o in.zst in
for round in {1..10}; do
    start_stopping_at pwrite64 $((3 * round)) poolmap decompress -j 3 -f -o out in.zst 2> said
    kill_stopped_workers 2
    expect_exit 0 wait "$front"
    same_text 2 "$kills"
    same_file in out "round $round"
    same_text "" "$(< said)"
done
