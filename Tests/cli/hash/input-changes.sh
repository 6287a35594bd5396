# A file that changes while it is hashed is an error without a digest; the others have theirs.
. "$CLI_LIB"
noise 9000000 > large
noise 900000 2 > small
echo other > other
grows() { echo more >> in; }
shrinks() { truncate -s -1 in; }
shrinks_to_nothing() { : > in; }
is_cut_in_half() { truncate -s "$(($(size_of in) / 2))" in; }
is_rewritten() { head -c "$(size_of in)" /dev/zero | dd of=in conv=notrunc status=none; }
is_touched() { touch in; }
# change_during CODE COMMAND…: its output is in `digests` and `said`.
change_during() {
    start_stopping in 1 "${@:2}" > digests 2> said
    wait_until 20 is_read
    is_running "$front" || fail "it had finished before the change"
    $change
    continue_stopped "$front"
    expect_exit "$1" wait "$front"
}
for original in large small; do
    for change in grows shrinks shrinks_to_nothing is_cut_in_half is_rewritten is_touched; do
        # With two workers, a worker hashes the small file whole; with SHA-256, one worker hashes the whole large file.
        for options in "-j 1 -a blake3" "-j 2 -a blake3" "-j 2 -a sha256 -a s3-etag"; do
            cp $original in
            # shellcheck disable=SC2086
            change_during 1 poolmap hash $options --no-names other in other
            one_error_line said "in: " "while it was read"
            # shellcheck disable=SC2086
            silently poolmap hash $options --no-names other other | cmp - digests
        done
    done
    for change in grows shrinks is_rewritten; do
        # A single file is hashed with SHA-256 by the front.
        for algorithm in blake3 sha256; do
            cp $original in
            change_during 1 poolmap hash -j 2 -a $algorithm < in
            one_error_line said "standard input: " "while it was read"
            [[ ! -s digests ]] || fail "there is a digest: $(< digests)"
        done
    done
done
# Replacing the file by another of its name does not change it.
is_replaced() { cp other new && mv new in; }
change=is_replaced
for options in "-j 1" "-j 2"; do
    cp large in
    # shellcheck disable=SC2086
    change_during 0 poolmap hash $options in
    b3sum large | sed 's/large$/in/' | cmp - digests
done
