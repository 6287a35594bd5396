# --sparse leaves holes also on standard output if that is at the end of a file, and nowhere else.
. "$CLI_LIB"
truncate -s 1M probe
(($(disk_of probe) == 0)) || skip "this file system has no holes"
islands in 2000001 70001:4096 1048576:1
poolmap -q --chunk-size 64K -o in.zst in
cat in in > twice
cp --sparse=never in full
for jobs in 1 2 3; do
    # Not by default, as the redirection may go into an existing file.
    silently poolmap -dc -j $jobs in.zst > out
    same_file in out
    (($(disk_of out) >= 1954)) || fail "$(disk_of out) KiB without --sparse"
    silently poolmap -dc --sparse -j $jobs in.zst in.zst > out
    same_file twice out "-j $jobs"
    (($(disk_of out) < 150)) || fail "$(disk_of out) KiB with --sparse, -j $jobs"
    silently poolmap cat --sparse -j $jobs in.zst > out
    same_file in out "cat, -j $jobs"
    (($(disk_of out) < 80)) || fail "$(disk_of out) KiB by cat"
    silently poolmap cat --sparse -j $jobs --offset 60000 --length 1500000 in.zst > out
    cmp out <(part in 60000 1500000)
    (($(disk_of out) < 80)) || fail "$(disk_of out) KiB by cat of a range"
    # The next program writes after it.
    { silently poolmap -dc --sparse -j $jobs in.zst && echo end; } > out
    cmp out <(cat full && echo end)
    # Existing bytes before the offset stay, and those after it are overwritten, with zeros too.
    { echo beginning && silently poolmap -dc --sparse -j $jobs in.zst; } > out
    cmp out <(echo beginning && cat full)
    (($(disk_of out) < 80)) || fail "$(disk_of out) KiB behind a beginning"
    noise 2000001 > out
    silently poolmap -dc --sparse -j $jobs in.zst 1<> out
    same_file in out "over other bytes, -j $jobs"
    echo beginning > out
    silently poolmap -dc --sparse -j $jobs in.zst >> out
    cmp out <(echo beginning && cat full)
    silently poolmap -dc --sparse -j $jobs in.zst | cmp - in
done
# Content restored before an error is there, with its zeros.
head -c -100 in.zst > cut.zst
poolmap -q --chunk-size 64K -c <(cat in) > whole.zst
silently zstd -q -dc whole.zst | cmp - in
noise 300000 > bad
refuses 1 bad poolmap -dc --sparse in.zst bad > out
same_file in out
# zstd does so with a file; the last of the two options takes effect.
silently poolmap -d --no-sparse --sparse -c in.zst > out
(($(disk_of out) < 80)) || fail "$(disk_of out) KiB with --sparse last"
silently poolmap -d --sparse --no-sparse -f -o out in.zst
(($(disk_of out) >= 1954)) || fail "$(disk_of out) KiB with --no-sparse last"
