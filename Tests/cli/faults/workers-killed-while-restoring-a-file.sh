# Workers killed while they write to their places in the target: the target is still complete.
. "$CLI_LIB"
real_data 40000000 > in
poolmap compress -q -1 --chunk-size 64K -o in.zst in
kills=0
for round in {1..10}; do
    start poolmap decompress -j 3 -f -o out in.zst 2> said
    while is_running "$front"; do
        victim=$(worker_pids "$front" | shuf -n 1)
        if [[ -n $victim ]] && kill -KILL "$victim" 2> /dev/null; then
            kills=$((kills + 1))
        fi
    done
    expect_exit 0 wait "$front"
    same_file in out "round $round"
    same_text "" "$(< said)"
done
((kills >= 5)) || fail "only $kills kills"
