# After kill -9 of the front, manager and workers end within a second, without a target or a temporary file.
. "$CLI_LIB"
real_data 20000000 > in
poolmap compress -q -1 --chunk-size 256K -o in.zst in
echo old > old.zst
mkfifo source
front_dies() {
    local everyone
    wait_workers "$front" 2
    # shellcheck disable=SC2207
    everyone=($(descendants_of "$front"))
    ((${#everyone[@]} == 3))
    kill -KILL "$front"
    wait_gone "$soon" "$front" "${everyone[@]}"
    expect_exit 137 wait "$front" 2> /dev/null
}
start poolmap compress -19 -j 2 --chunk-size 256K -o out in
front_dies
start poolmap compress -19 -j 2 --chunk-size 256K -f -o old.zst in
front_dies
for command in "compress --chunk-size 64K" decompress; do
    # shellcheck disable=SC2086
    start_from source poolmap $command -j 2 -o out
    exec 3> source
    part "$([[ $command == dec* ]] && echo in.zst || echo in)" 0 3000000 >&3
    front_dies
    exec 3>&-
done
# Even while the workers are stopped, and so react to nothing but SIGKILL.
start poolmap compress -19 -j 2 --chunk-size 256K -o out in
wait_workers "$front" 2
# shellcheck disable=SC2046
kill -STOP $(worker_pids "$front")
front_dies
same_text old "$(< old.zst)"
only_files in in.zst old.zst source
