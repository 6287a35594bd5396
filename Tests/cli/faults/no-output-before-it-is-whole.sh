# During the run there is no target and no other name in its folder, and the old target stays.
. "$CLI_LIB"
mkfifo source
real_data 2000000 > in
mkdir folder
for options in "-o folder/out" "-f -o folder/out"; do
    # shellcheck disable=SC2086
    start_from source poolmap compress -j 2 --chunk-size 64K $options
    exec 3> source
    part in 0 1900000 >&3
    wait_workers "$front" 2
    same_text "$([[ $options == -f* ]] && echo out)" "$(ls -A folder)"
    part in 1900000 1000000 >&3
    exec 3>&-
    expect_end 0 "$front"
    same_text out "$(ls -A folder)"
    zstd -q -dc folder/out | cmp - in
done
