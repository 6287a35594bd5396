# An input that grows, shrinks, is rewritten or touched while it is compressed is an error, without a target.
. "$CLI_LIB"
real_data 3000000 > original
echo old > old.zst
change_during() {
    start poolmap compress -17 -j 2 --chunk-size 128K "$@" 2> said
    # Workers run, so the input is open and being read.
    wait_workers "$front" 2
    kill -STOP "$front"
    is_running "$front" || fail "it had finished before the change"
    $change
    kill -CONT "$front"
    expect_exit 1 wait "$front"
}
grows() { echo more >> in; }
shrinks() { truncate -s 2999999 in; }
shrinks_to_nothing() { : > in; }
is_cut_in_half() { truncate -s 1500000 in; }
is_rewritten() { noise 3000000 | dd of=in conv=notrunc status=none; }
is_touched() { touch in; }
for change in grows shrinks shrinks_to_nothing is_cut_in_half is_rewritten is_touched; do
    cp original in
    change_during -o out in
    one_error_line said "in: "
    cp original in
    change_during -f -o old.zst < in
    one_error_line said "standard input: "
    cp original in
    change_during --rm in
    [[ -f in ]] || fail "the changed input was removed"
    only_files original in old.zst said
    same_text old "$(< old.zst)"
done
# Replacing the input by another file of its name does not change it.
cp original in
change=is_replaced
is_replaced() { echo another > new && mv new in; }
start poolmap compress -17 -j 2 --chunk-size 128K -o out in 2> said
wait_workers "$front" 2
is_replaced
expect_exit 0 wait "$front"
zstd -q -dc out | cmp - original
