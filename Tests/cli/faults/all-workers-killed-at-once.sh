# All workers killed at the same moment, and their replacements too: the output is that of -j 1.
. "$CLI_LIB"
real_data 3000000 > in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
mkfifo source
for command in "compress --chunk-size 64K" decompress; do
    input=$([[ $command == compress* ]] && echo in || echo reference.zst)
    # shellcheck disable=SC2086
    start_from source poolmap $command -j 3 > out 2> said
    exec 3> source
    part $input 0 700000 >&3
    for _ in 1 2 3; do
        wait_workers "$front" 3
        # shellcheck disable=SC2046
        kill -KILL $(worker_pids "$front")
        wait_until "$soon" is_running "$front"
    done
    wait_workers "$front" 3
    part $input 700000 100000000 >&3
    exec 3>&-
    expect_exit 0 wait "$front"
    same_text "" "$(< said)"
    same_file "$([[ $input == in ]] && echo reference.zst || echo in)" out "$command"
done
