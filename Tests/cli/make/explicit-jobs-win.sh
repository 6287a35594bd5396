# An explicit number of jobs overrides make's: as many workers are forked, and no token is taken; 0 does not count.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 8000000 > in
lay_out_tokens abc
work=(compress -19 --chunk-size 256K -f -o out.zst)
# forks COUNT OPTION…
forks() {
    start poolmap "${work[@]}" "${@:2}" in
    wait_workers "$front" "$1"
    same_text "$1" "$(worker_pids "$front" | wc -l)"
    same_text 3 "$(tokens_left)"
    same_text "" "$(guardian_pid "$front")"
    kill "$front"
    expect_end 143 "$front" 2> /dev/null
}
forks 3 -j 3
forks 3 --jobs=3
forks 3 -T3
# Also if make has only one job, and if it does not share its job server.
MAKEFLAGS=" -j1" forks 3 -j 3
MAKEFLAGS=" -j3 --jobserver-auth=-2,-2" forks 3 -j 3
poolmap "${work[@]}" -3 -j 1 --report report in
same_text 1 "$(workers_in report)"
expect_tokens abc
for none in -j0 -T0; do
    holds_a_token poolmap "${work[@]}" "$none" in
    kill "$front"
    expect_end 143 "$front" 2> /dev/null
    expect_tokens abc
done
