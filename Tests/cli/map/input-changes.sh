# An input that grows, shrinks, or is rewritten while commands read it is an error, without an output.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 100000 119999 > original
waits=': > begun-$POOLMAP_CHUNK_INDEX; until [ -e go ]; do sleep 0.01; done; cat'
change_during() {
    local text=$1
    shift
    rm -f begun-* go
    cp original in
    start poolmap map -j 2 --chunk-size 50K -o out "$@" -- sh -c "$waits" < in 2> said
    wait_until 20 exist 2 begun-0 begun-1
    $change
    : > go
    expect_exit 1 wait "$front"
    one_error_line said "$text"
    no_file out
}
grows() { echo more >> in; }
shrinks() { truncate -s 139999 in; }
is_cut_in_half() { truncate -s 70000 in; }
shrinks_to_nothing() { : > in; }
is_rewritten() { dd if=/dev/zero of=in bs=1000 count=140 conv=notrunc status=none; }
is_touched() { touch in; }
for change in grows shrinks is_cut_in_half shrinks_to_nothing is_rewritten is_touched; do
    change_during "in: " --lines in
    change_during "standard input: "  --record-size 7
done
# Replacing the file by another of its name does not change it.
rm -f begun-* go
cp original in
start poolmap map -j 2 --lines --chunk-size 50K -o out in -- sh -c "$waits" 2> said
wait_until 20 exist 2 begun-0 begun-1
echo another > new
mv new in
: > go
expect_exit 0 wait "$front"
same_file original out
