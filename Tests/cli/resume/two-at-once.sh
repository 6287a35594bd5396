# A second run for the same target is refused while the first one works, but not once that was killed.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
real_data 5000000 > in
poolmap "${command[@]}" -q -o reference in
ln in other-name
start_slowly 10 -j 2
for options in "" -f -j1; do
    # shellcheck disable=SC2086
    refuses 1 "other-name: another run (process $front) is writing the same target; ./out.resume is locked" \
        poolmap "${command[@]}" $options -o ./out other-name
done
# Also while it is stopped, and cannot respond.
kill -STOP "$front"
refuses 1 "in: another run (process $front)" poolmap "${command[@]}" -o out in
kill -CONT "$front"
is_running "$front" || fail "it had finished before the second run"
wait_until 20 has_records out 20
kill -KILL "$front"
# At once: processes that it has forked may still exist.
expect_exit 137 wait "$front" 2> /dev/null
resumes 20 -j 2
