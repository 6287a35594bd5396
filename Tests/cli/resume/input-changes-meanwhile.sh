# An input that changes while it is read is an error, and nothing is kept.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
real_data 6000000 > original
grows() { echo more >> in; }
is_cut_in_half() { truncate -s 3000000 in; }
is_touched() { touch in; }
for change in grows is_cut_in_half is_touched; do
    cp original in
    start_slowly 5 -j 2
    kill -STOP "$front"
    $change
    kill -CONT "$front"
    wait_gone 20 "$front"
    expect_exit 1 wait "$front"
    one_error_line said "in: "
    only_files original in said
done
# Also while kept work is verified, and if another run started it.
cp original in
touch -r original in
start_slowly 20 -j 2
interrupt KILL 9
# Further than before, so that this run has started.
start_slowly $(($(records out) + 5)) -j 2
kill -STOP "$front"
echo more >> in
kill -CONT "$front"
wait_gone 20 "$front"
expect_exit 1 wait "$front"
only_files original in said
