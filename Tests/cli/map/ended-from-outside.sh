# If the front is ended by a signal or killed, its commands and their children end too, and there is no output.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 19999 > in
echo old > old
mkfifo source
hangs='(trap "" TERM INT HUP; : > deaf-$POOLMAP_CHUNK_INDEX; sleep 1000) & sleep 1000 & echo $$ > new-$$; mv new-$$ group-$POOLMAP_CHUNK_INDEX; cat; wait'
# ended SIGNAL NUMBER
ended() {
    wait_until 20 exist 2 group-0 group-1
    wait_until 20 exist 2 deaf-0 deaf-1
    # shellcheck disable=SC2207
    everyone+=($(descendants_of "$front"))
    kill -"$1" "$front"
    expect_end $((128 + $2)) "$front" 2> /dev/null
    wait_until 20 no_groups_of group-*
    same_text "" "$(< said)"
    rm -f group-* deaf-*
}
everyone=()
for signal in "KILL 9" "TERM 15" "INT 2" "HUP 1"; do
    # shellcheck disable=SC2086
    {
        start poolmap map -j 2 --lines --chunk-size 8K -o out in -- sh -c "$hangs" 2> said
        ended $signal
        start_from source poolmap map -j 2 --lines --chunk-size 8K -f -o old -- sh -c "$hangs" 2> said
        exec 3> source
        part in 0 30000 >&3
        ended $signal
        exec 3>&-
    }
done
# Even if one process does everything.
start poolmap map -j 1 --lines -o out in -- sh -c "$hangs" 2> said
wait_until 20 exist 1 group-0
wait_until 20 exist 1 deaf-0
kill -TERM "$front"
expect_end 143 "$front" 2> /dev/null
wait_until $soon no_groups_of group-0
same_text old "$(< old)"
wait_gone 20 "${everyone[@]}"
rm -f group-* deaf-* new-*
only_files in old source said
