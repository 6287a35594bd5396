# If the front is killed while it hashes a file or a pipe, no process is left, and no file of -o.
. "$CLI_LIB"
noise 12000000 > large
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
# Three inputs in order, the last of which does not end.
start poolmap hash -j 2 -a blake3 -a sha256 -o digests large large source
exec 3<> source
front_dies
for options in "-a blake3" "-a sha256" "-a s3-etag --part-size 100M"; do
    # shellcheck disable=SC2086
    start_from source poolmap hash -j 2 $options large -
    # Opened for writing once poolmap opens it for reading.
    exec 4> source
    part large 0 3000000 >&4
    front_dies
    exec 4>&-
done
exec 3>&-
# Workers stopped in the middle of a read, so that they react to nothing but SIGKILL.
start strace -f -qq -P "$PWD/large" -e signal=none -e trace=pread64 -e inject=pread64:signal=STOP:when=1 -o trace \
    poolmap hash -j 2 large
strace=$front
both_have_read() { (($(cut -d' ' -f1 trace 2> /dev/null | sort -u | wc -l) == 2)); }
wait_until 20 both_have_read
front=$(tree_of "$strace" | sed -n 's/^1 \([0-9]*\) poolmap$/\1/p')
# shellcheck disable=SC2207
everyone=($(descendants_of "$strace"))
((${#everyone[@]} == 4))
kill -KILL "$front"
wait_gone "$soon" "${everyone[@]}"
expect_exit 137 wait "$strace" 2> /dev/null
only_files large source trace
