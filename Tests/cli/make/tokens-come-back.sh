# However a run ends, all tokens return: after an error, a signal, a closed output, a killed worker or manager.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 10000000 > in
lay_out_tokens klm
work=(poolmap -19 --chunk-size 512K in)
# is_over: no process is left that could still return anything.
is_over() {
    wait_gone "$soon" "${everyone[@]}"
    expect_tokens klm
}
for signal in TERM:143 INT:130 HUP:129 KILL:137; do
    holds_a_token "${work[@]}" -o out
    kill -"${signal%:*}" "$front"
    expect_end "${signal#*:}" "$front" 2> /dev/null
    is_over
    no_file out
done
# By a signal to the whole group, as from a terminal.
holds_a_token setsid "${work[@]}" -o out
kill -INT -- "-$front"
expect_end 130 "$front" 2> /dev/null
is_over
# Killing the manager.
holds_a_token "${work[@]}" -o out 2> said
kill -KILL "$(manager_pid "$front")"
expect_end 1 "$front"
is_over
one_error_line said "in: "
# A reader that closes the pipe.
mkfifo stream
start_into stream "${work[@]}" -c 2> /dev/null
exec 4< stream
wait_until 20 has_tokens 2
wait_workers "$front" 2
# shellcheck disable=SC2207
everyone=($(descendants_of "$front"))
exec 4<&-
wait_gone 20 "$front"
code=0
wait "$front" || code=$?
((code != 0)) || fail "it should have met a closed pipe"
is_over
# Killing a worker: the token belongs to its place, and its replacement uses it.
part in 0 3000000 > short
holds_a_token poolmap -19 --chunk-size 512K -f -o out short
kill -KILL "$(worker_pids "$front" | tail -n 1)"
wait "$front"
is_over
zstd -q -dc out | cmp - short
# Killing guardian and worker together: poolmap returns the tokens reported to it, and continues.
holds_a_token poolmap -19 --chunk-size 512K -f -o out short
kill -KILL "$(guardian_pid "$front")" "$(worker_pids "$front" | tail -n 1)"
wait "$front"
is_over
zstd -q -dc out | cmp - short
# An error in the middle: a damaged frame, after enough others that the token is noticed first.
for copy in {1..40}; do cat in; done | poolmap -q -j 2 -1 --chunk-size 64K -f -o in.zst
patch in.zst -2500000 1 2 3 4
start poolmap decompress -o restored in.zst 2> said
wait_until 20 has_tokens 2
wait_gone 20 "$front"
expect_exit 1 wait "$front"
expect_tokens klm
one_error_line said in.zst
no_file restored
# Normal ends.
for command in "test out" "hash short" "-f -o new short"; do
    # shellcheck disable=SC2086
    poolmap $command > /dev/null
    expect_tokens klm
done
