# A signal also ends a run in which the front does all the work, or waits for its first input or for a reader.
. "$CLI_LIB"
real_data 3000000 > in
mkfifo source sink
for signal in "INT 2" "TERM 15" "HUP 1"; do
    read -r name number <<< "$signal"
    start_from source poolmap compress -j 2 -o out 2> said
    exec 3> source
    sleep 0.1
    kill -"$name" "$front"
    expect_end $((128 + number)) "$front" 2> /dev/null
    exec 3>&-
    # Without a reader it waits in a write.
    for jobs in 1 2; do
        start_into sink poolmap compress -j $jobs --chunk-size 64K -c in 2> said
        exec 3< sink
        wait_full 3
        kill -"$name" "$front"
        expect_end $((128 + number)) "$front" 2> /dev/null
        exec 3<&-
    done
    same_text "" "$(< said)"
done
only_files in source sink said
