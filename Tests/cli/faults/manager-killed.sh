# Killing the manager, busy or idle, is an error within a second: exit code 1, no output, no process left.
. "$CLI_LIB"
real_data 20000000 > in
poolmap compress -q -1 --chunk-size 256K -o in.zst in
mkfifo source
manager_dies() {
    local manager workers
    wait_workers "$front" 2
    manager=$(manager_pid "$front")
    # shellcheck disable=SC2207
    workers=($(worker_pids "$front"))
    kill -"$1" "$manager"
    expect_end 1 "$front"
    wait_gone "$soon" "${workers[@]}"
    one_error_line said "$2"
    ! grep -q 'process.*process.*process' said
}
for signal in KILL SEGV TERM; do
    start poolmap compress -19 -j 2 --chunk-size 256K -o out in 2> said
    manager_dies $signal "in: "
    for command in "compress --chunk-size 64K" decompress; do
        # shellcheck disable=SC2086
        start_from source poolmap $command -j 2 -o out 2> said
        exec 3> source
        part "$([[ $command == dec* ]] && echo in.zst || echo in)" 0 3000000 >&3
        manager_dies $signal "standard input: "
        exec 3>&-
    done
done
only_files in in.zst source said
