# A target that another program makes during the run is not replaced without -f.
. "$CLI_LIB"
mkfifo source
real_data 1000000 > in
for jobs in 1 2; do
    start_from source poolmap compress -j $jobs --chunk-size 64K -o out 2> said
    exec 3> source
    part in 0 900000 >&3
    echo "someone else's" > out
    exec 3>&-
    expect_end 1 "$front"
    one_error_line said "standard input: " out exists
    same_text "someone else's" "$(< out)"
    # With -f it is.
    start_from source poolmap compress -j $jobs --chunk-size 64K -f -o out 2> said
    exec 3> source
    part in 0 1000000 >&3
    rm out
    echo "someone else's" > out
    exec 3>&-
    expect_end 0 "$front"
    zstd -q -dc out | cmp - in
    rm out
done
only_files in source said
