# Lost ranges become holes, as zeros do; with --no-sparse they are written.
. "$CLI_LIB"
truncate -s 1M probe
(($(disk_of probe) == 0)) || skip "this file system has no holes"
noise 3000000 > in
poolmap -q --chunk-size 500000 -o in.zst in
# The second frame and the last one are damaged.
patch in.zst 600000 1 2 3 4
patch in.zst 2800000 1 2 3 4
for jobs in 1 2; do
    for options in "" --no-sparse; do
        # shellcheck disable=SC2086
        expect_exit 1 poolmap -d --salvage $options -j $jobs -f -o out$options in.zst 2> said
        same_text 3000000 "$(size_of out$options)"
        cmp out$options <(part in 0 500000 && head -c 500000 /dev/zero && part in 1000000 1500000 && head -c 500000 /dev/zero)
    done
    (($(disk_of out) < 2000)) || fail "$(disk_of out) KiB of 1954 in use"
    (($(disk_of out--no-sparse) >= 2929)) || fail "$(disk_of out--no-sparse) KiB with --no-sparse"
    expect_exit 1 poolmap -dc --salvage --sparse -j $jobs in.zst 2> said > piped
    same_file out piped
    (($(disk_of piped) < 2000)) || fail "$(disk_of piped) KiB on standard output"
    expect_exit 1 poolmap -d --salvage -j $jobs -c in.zst 2> said | cmp - out
done
