# --header gives the first lines to each chunk, and keeps those of the outputs once; --output-header sets their number.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
{ echo 'name,n'; seq 1 3000 | sed 's/^/x,/'; } > in
{ echo 'name,n'; seq 3001 6000 | sed 's/^/x,/'; } > in2
tail -n +2 in2 | cat in - > both
for jobs in 1 2; do
    for size in 4K 1M; do
        options=(-j $jobs --lines --chunk-size $size)
        poolmap map "${options[@]}" --header 1 in -- cat | cmp - in
        poolmap map "${options[@]}" --header 1 -- cat < <(cat in) | cmp - in
        poolmap map "${options[@]}" --header 1 in in2 -- cat | cmp - both
        # Each command gets the header; here no output has one.
        poolmap map "${options[@]}" --header 1 --output-header 0 in -- head -n 1 > heads
        same_text "name,n" "$(sort -u heads)"
        same_text "$(chunks_of "${options[@]}" --header 1 --output-header 0 in | wc -l)" "$(wc -l < heads)"
        # Outputs may have a header even if inputs have none.
        poolmap map "${options[@]}" --output-header 2 in -- sh -c 'echo a; echo b; cat' > headed
        { echo a; echo b; cat in; } | cmp - headed
        # It must be the same in all outputs, otherwise that is an error.
        [[ $size == 1M ]] || refuses 1 "does not begin with the 1 header lines" \
            poolmap map "${options[@]}" --header 1 -o out in -- tail -n +2
        no_file out
    done
done
same_text 0 "$(poolmap map --lines --header 0 in -- cat | cmp - in; echo $?)"
