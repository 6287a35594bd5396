# A pipe without a writer that is hashed in order delays no other input.
. "$CLI_LIB"
mkfifo slow fast
noise 8000000 > large
for jobs in 1 2; do
    exec 4<> slow
    start poolmap hash -j $jobs -a sha256 slow fast large > sums 4>&- < /dev/null
    echo begun >&4
    # More than fits in a pipe: poolmap must read it for this to end.
    timeout 20 dd if=large of=fast bs=64K status=none || fail "the other pipe was not read"
    is_running "$front"
    echo ended >&4
    exec 4>&-
    expect_end 0 "$front"
    {
        printf 'begun\nended\n' | sha256sum | sed 's/-$/slow/'
        sha256sum large | sed 's/large/fast/'
        sha256sum large
    } | cmp - sums
    # A writer that closes at once, and one that has written nothing.
    : > slow &
    silently poolmap hash -j $jobs -a md5 slow | cmp - <(md5sum < /dev/null | sed 's/-$/slow/')
done
