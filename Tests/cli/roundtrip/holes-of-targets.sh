# Zeros become holes in restored files: the same bytes take less disk space, for every number of workers.
. "$CLI_LIB"
truncate -s 1M probe
(($(disk_of probe) == 0)) || skip "this file system has no holes"
# Zeros at both ends, and frames of zeros only; the size is not a multiple of any block size.
islands in 5000001 70001:4096 1048576:1 2000000:100000 3500000:77
cp --sparse=never in full
least=$(disk_of in)
poolmap -q -o own.zst in
poolmap -q --chunk-size 64K -o frames.zst in
poolmap -q --chunk-size 100001 -o odd.zst in
zstd -q -o single.zst in
cat in | zstd -q -c > unsized.zst
pzstd -q -p 2 -c in > pzstd.zst
split -b 30000 --filter 'zstd -q -c' in > tiny.zst
for file in own frames odd single unsized pzstd tiny; do
    for jobs in 1 2 3; do
        what="$file, -j $jobs"
        silently poolmap -d -j $jobs -f -o out $file.zst
        same_file full out "$what"
        (($(disk_of out) <= least + 130)) || fail "$what: $(disk_of out) KiB, and $least are needed"
        silently poolmap -d -j $jobs --no-sparse -f -o out $file.zst
        same_file full out "$what"
        (($(disk_of out) >= 4883)) || fail "$what, --no-sparse: $(disk_of out) KiB"
        silently poolmap -d -j $jobs -o piped < <(cat $file.zst)
        same_file full piped "$what, from a pipe"
        (($(disk_of piped) <= least + 130)) || fail "$what, from a pipe: $(disk_of piped) KiB"
        rm piped
        silently poolmap -d -j $jobs --salvage -f -o out $file.zst
        same_file full out "$what, --salvage"
        (($(disk_of out) <= least + 130)) || fail "$what, --salvage: $(disk_of out) KiB"
    done
done
# Only zeros, of every size around a block.
for size in 1 4095 4096 4097 32767 32768 40000 300001; do
    truncate -s $size zeros
    for jobs in 1 2; do
        poolmap -q -c zeros | silently poolmap -d -j $jobs -f -o out
        same_file zeros out "$size"
        same_text 0 "$(disk_of out)"
    done
done
# Targets that replace a file, would replace the same one, or get their input's time.
noise 5000001 > out
silently poolmap -d --if-changed -o out own.zst
same_file full out
(($(disk_of out) <= least + 130)) || fail "replaced: $(disk_of out) KiB"
before=$(stat -c '%i %y' out)
silently poolmap -d --if-changed --no-sparse -o out own.zst
same_text "$before" "$(stat -c '%i %y' out)"
# Short zeros between data stay data: a file with many small extents would be slow.
perl -e 'print "x" x 4096, "\0" x 4096 for 1 .. 100' > in
poolmap -q -f -o out.zst in
silently poolmap -d -f -o out out.zst
same_file in out
(($(disk_of out) >= 790)) || fail "$(disk_of out) KiB of 800"
# A target that is not a new file gets all bytes.
mkfifo pipe
poolmap -d -f -o pipe own.zst &
cmp - full < pipe
wait $!
