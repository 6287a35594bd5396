# A file that is written while it is read has changed even if its time is set back; --rm does not remove it.
. "$CLI_LIB"
noise 3000000 > large
noise 300000 2 > small
touch -d 2001-02-03 large small
# Overwritten with other content of the same size, as rsync --inplace -t does.
changes() {
    local bytes
    bytes=$(size_of "$1")
    touch -r "$1" time
    head -c "$bytes" /dev/zero | dd of="$1" conv=notrunc status=none
    touch -r time "$1"
    same_text "$bytes $(stat -c %y time)" "$(stat -c '%s %y' "$1")"
}
# change_during COMMAND…: `in` is changed after some of it was read, and the run exits with 1.
change_during() {
    rm -f trace
    start strace -f -qq -P "$PWD/in" -P "$PWD/tree/in" -e signal=none -e trace=read,pread64 \
        -e inject=read,pread64:signal=STOP:when=1 -o trace "$@" > output 2> said
    wait_until 20 is_read
    is_running "$front" || fail "it had finished before the change"
    changes in
    continue_stopped "$front"
    expect_exit 1 wait "$front"
    one_error_line said "$complaint"
}
complaint="changed while it was read"
echo other > other
for size in large small; do
    for jobs in 1 2; do
        for command in "compress --rm" "compress -f -o out" "hash --no-names" "hash --manifest"; do
            cp -p $size in
            # If there is another file, a worker processes the small one whole.
            # shellcheck disable=SC2086
            change_during poolmap $command -j $jobs --report r in $([[ $command == *-o* ]] || echo other)
            [[ -f in ]] || fail "the changed input was removed"
            no_file in.zst out
            rm -f other.zst
            echo other > other
        done
        # The data read after the change is not a Zstandard frame.
        complaint="in: "
        for command in "decompress -f --rm" "test"; do
            cp -p $size plain
            poolmap compress -q --chunk-size 64K -f -o in.zst plain
            mv in.zst in
            touch -r $size in
            # shellcheck disable=SC2086
            change_during poolmap $command $([[ $command == test ]] || echo -o out) -j $jobs in
            [[ -f in ]] || fail "the changed input was removed"
            no_file out
        done
        complaint="changed while it was read"
    done
done
mkdir tree
cp -p small tree/in
ln -f tree/in in
for jobs in 1 2; do
    change_during poolmap hash --tree -j $jobs tree
    [[ ! -s output ]] || fail "there is a digest"
done
rm -rf tree
# A change after the last check, when the target has its name: the target exists, and the input stays.
for jobs in 1 2; do
    for size in large small; do
        rm -f trace ./*.zst
        cp -p $size in
        echo other > other
        start strace -f -qq -P in.zst -e signal=none -e trace=linkat -e inject=linkat:signal=STOP:when=1 -o trace \
            poolmap compress --rm -j $jobs in other 2> said
        is_linked() { grep -qs "linkat([0-9]" trace; }
        wait_until 20 is_linked
        changes in
        continue_stopped "$front"
        expect_exit 1 wait "$front"
        one_error_line said "in: changed after it was read; it is not removed"
        [[ -f in ]] || fail "the changed input was removed"
        zstd -q -dc in.zst | cmp - $size
    done
done
# An empty file that is written to has changed, too.
: > in
rm -f trace ./*.zst
start strace -f -qq -P "$PWD/in" -e signal=none -e trace=read -e inject=read:signal=STOP:when=1 -o trace \
    poolmap compress --rm in 2> said
wait_until 20 is_read
echo more > in
# shellcheck disable=SC2046
kill -CONT $(descendants_of "$front")
expect_exit 1 wait "$front"
one_error_line said "in: changed"
same_text more "$(< in)"
