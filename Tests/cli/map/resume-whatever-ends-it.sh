# A run with --resume whose processes are killed again and again at any moment gives the same output.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
seq 100000 160000 > in
poolmap map --lines --chunk-size 8K --compress -o expected.zst in -- cat
cat > command <<'END2'
#!/bin/bash
echo >> "ran-$POOLMAP_CHUNK_INDEX"
echo $$ > "group-$POOLMAP_CHUNK_INDEX"
sleep 0.02
cat
END2
chmod 755 command
records() { if [[ -e out.resume ]]; then stat -c %s out.resume; else echo 0; fi; }
has_more() { (($(records) > $1)) || ! is_running "$front"; }
for more in "" --compress; do
    rm -f out ran-* group-*
    kills=0
    while [[ ! -e out || -e out.resume ]]; do
        # shellcheck disable=SC2086
        start poolmap map -j $((1 + RANDOM % 3)) --resume --lines --chunk-size 8K $more -o out in -- ./command 2>> said
        # A little later each time.
        wait_until 20 has_more $(($(records) + 300 + RANDOM % 400))
        if ! is_running "$front"; then
            expect_end 0 "$front"
            break
        fi
        # shellcheck disable=SC2207
        everyone=($(descendants_of "$front"))
        case $((RANDOM % 3)) in
        0) kill -KILL "$front" 2> /dev/null || true ;;
        1) kill -TERM "$front" 2> /dev/null || true ;;
        # The manager, or a worker, which is replaced: then the run continues.
        2) kill -KILL "${everyone[RANDOM % ${#everyone[@]}]}" || true ;;
        esac
        kills=$((kills + 1))
        [[ -e /proc/$front ]] && sleep 0.05
        kill -KILL "$front" 2> /dev/null || true
        wait "$front" || true
        wait_gone $soon "${everyone[@]}"
        # It may just have finished.
        if [[ -e out.partial ]]; then no_file out; fi
        wait_until $soon no_groups_of group-*
    done
    ((kills > 2)) || fail "only $kills runs were ended"
    if [[ -n $more ]]; then same_file expected.zst out; else same_file in out; fi
    no_file out.partial out.resume
    # Recorded chunks are not run again: none ran as often as there were runs, except the few in progress.
    ((kills < 6)) || (($(cat ran-0 | wc -l) < kills))
done
# Two runs at a time: only one works.
rm -f out ran-* group-* go
start poolmap map --resume --lines --chunk-size 8K -j 2 -o out in -- sh -c '
    [ $POOLMAP_CHUNK_INDEX -lt 5 ] || until [ -e go ]; do sleep 0.02; done; cat'
wait_until 20 has_more 300
refuses 1 "another run" poolmap map --resume --lines --chunk-size 8K -o out in -- cat
touch go
expect_end 0 "$front"
same_file in out
# A full disk: with more space it continues.
on_small_disk() {
    . "$CLI_LIB"
    mount -o remount,size=200k disk
    refuses 1 "disk/out.partial" poolmap map --resume --lines --chunk-size 8K -j 2 -o disk/out in -- cat
    no_file disk/out
    mount -o remount,size=4m disk
    poolmap map --resume -v --lines --chunk-size 8K -j 2 -o disk/out in -- cat 2> said
    grep -q '^in: keeping [1-9][0-9]* chunks$' said
    same_file in disk/out
}
export -f on_small_disk
with_small_disk 1000k bash -euo pipefail -c on_small_disk
