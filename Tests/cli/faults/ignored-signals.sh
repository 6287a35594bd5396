# A signal that was ignored from the start, as with nohup, stays ignored, and the run finishes.
. "$CLI_LIB"
real_data 2000000 > in
mkfifo source
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
for signal in HUP INT; do
    env --default-signal --ignore-signal=$signal poolmap compress -j 2 --chunk-size 64K -o out < source 2> said &
    front=$!
    exec 3> source
    part in 0 1000000 >&3
    wait_workers "$front" 2
    # shellcheck disable=SC2046
    kill -$signal "$front" $(manager_pid "$front") $(worker_pids "$front")
    part in 1000000 1000000 >&3
    exec 3>&-
    expect_end 0 "$front"
    same_file reference.zst out
    rm out
done
