# A part killed at any moment continues with --resume: the same bytes, with none of its chunks run twice.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
{ echo head; seq 100000 130000; } > in
cat > command << 'SCRIPT'
#!/bin/bash
echo >> "ran-$POOLMAP_CHUNK_INDEX"
[[ ! -v NAP ]] || sleep $NAP
exec cat
SCRIPT
chmod 755 command
records() { if [[ -e $name.resume ]]; then stat -c %s "$name.resume"; else echo 0; fi; }
has_more() { (($(records) > $1)) || ! is_running "$front"; }

# killed OPTION…: kills part 2 of 3 until it is complete; the others are made at once.
killed() {
    local kills=0 size
    rm -f out out.part-* ran-*
    name=out.part-2-of-3
    poolmap map -q --part 1/3 "$@" -o out in -- ./command
    poolmap map -q --part 3/3 "$@" -o out in -- ./command
    rm ran-*
    while [[ ! -e $name || -e $name.resume ]]; do
        start env NAP=0.02 poolmap map -q -j $((1 + RANDOM % 3)) --resume --part 2/3 "$@" -o out in -- ./command 2>> said
        wait_until 20 has_more $(($(records) + 100 + RANDOM % 400))
        if ! is_running "$front"; then
            expect_end 0 "$front"
            break
        fi
        # shellcheck disable=SC2207
        everyone=($(descendants_of "$front"))
        kill -KILL "$front" 2> /dev/null || true
        wait "$front" 2> /dev/null || true
        wait_gone $soon "${everyone[@]}"
        kills=$((kills + 1))
        # It may just have finished.
        if [[ -e $name.partial ]]; then no_file $name; fi
    done
    ((kills > 0)) || fail "no run was ended"
    no_file $name.partial $name.resume
    # Recorded chunks are not run again.
    ((kills < 5)) || (($(cat ran-* | sort | wc -l) < kills * $(ls ran-* | wc -l)))
}
for cut in "--lines --chunk-size 3K --header 1" "--csv --records 400"; do
    # shellcheck disable=SC2086
    killed $cut
    silently poolmap join -q -o out out.part-*
    same_file in out
done

# With a reduction, which only join runs.
killed --lines --chunk-size 3K --reduce 'sort -m {}'
silently poolmap join -q --reduce 'sort -m {}' -o out out.part-*
same_file <(poolmap map -q --lines --chunk-size 3K --reduce 'sort -m {}' in -- cat) out

# The kept chunks belong to this part: another one starts over. So does another command.
rm -f out out.part-* ran-*
first=(sh -c '[ $POOLMAP_CHUNK_INDEX -lt 40 ] && cat')
run() { poolmap map -j 1 "$1" --lines --chunk-size 3K --resume -o out in -- "${first[@]}"; }
refuses 1 "chunk 40 " run --part=2/3
[[ -f out.part-2-of-3.resume ]]
mv out.part-2-of-3.resume out.part-3-of-4.resume
mv out.part-2-of-3.partial out.part-3-of-4.partial
code=0
run --part=3/4 2> said || code=$?
((code == 1))
grep -q 'in: starting over: the state is for other options or another command$' said
rm out.part-*
refuses 1 "chunk 40 " run --part=2/3
first=(cat)
run --part=2/3 2> said
grep -q 'in: starting over: the state is for other options or another command$' said
run --part=1/3
run --part=3/3
silently poolmap join -q --rm out.part-*
same_file in out
rm out
# A damaged partial file: everything before the damage is kept.
first=(sh -c '[ ! -e go ] && [ $POOLMAP_CHUNK_INDEX -ge 40 ] && exit 1; echo >> ran-$POOLMAP_CHUNK_INDEX; cat')
refuses 1 "chunk 40 " run --part=2/3
(($(ls ran-* | wc -l) > 10))
patch out.part-2-of-3.partial 20000 255
: > go
run --part=2/3 2> said
grep -q 'in: rerunning from chunk [1-9][0-9]*: out.part-2-of-3.partial is damaged there$' said
run --part=1/3
run --part=3/3
silently poolmap join -q --rm out.part-*
same_file in out
