# Killing the manager while commands run is an error, without an output, and leaves nothing of the commands.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 19999 > in
hangs='sleep 1000 & echo $$ > new-$$; mv new-$$ group-$POOLMAP_CHUNK_INDEX; cat; wait'
everyone=()
for signal in KILL TERM; do
    for source in in -; do
        rm -f group-*
        start poolmap map -j 2 --lines --chunk-size 8K -o out $source -- sh -c "$hangs" < <(cat in) 2> said
        wait_until 20 exist 2 group-0 group-1
        # shellcheck disable=SC2207
        everyone+=($(descendants_of "$front"))
        kill -$signal "$(manager_pid "$front")"
        expect_end 1 "$front"
        one_error_line said
        wait_until $soon no_groups_of group-*
        no_file out
    done
done
# Including the processes that guard the commands.
wait_gone 20 "${everyone[@]}"
