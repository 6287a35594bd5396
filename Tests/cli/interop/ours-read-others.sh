# poolmap restores whatever zstd and pzstd write, with one job and more, from files and through pipes.
. "$CLI_LIB"
real_data 3000000 > in
text 100000 > small
: > empty
zstd -q -o plain.zst in
zstd -q -T2 -o threads.zst in
zstd -q -T2 -B524288 -o blocks.zst in
zstd -q -19 --long=27 -o long.zst small
zstd -q --no-check -o no-check.zst in
zstd -q -c < in > no-size.zst
zstd -q --no-content-size -o no-size2.zst in
zstd -q --fast=10 -o fast.zst in
zstd -q --ultra -22 -o ultra.zst small
zstd -q -o empty.zst empty
zstd -q -c < /dev/null > empty-no-size.zst
zstd -q --format=zstd -1 --target-compressed-block-size=1300 -o blocks2.zst in
pzstd -q -p 2 -o pzstd.zst in
pzstd -q -p 4 -1 -o pzstd1.zst in
pzstd -q -p 2 -c < in > pzstd-pipe.zst
pzstd -q -o pzstd-empty.zst empty
for file in *.zst; do
    zstd -q -dc "$file" > expected
    for jobs in 1 2 3; do
        silently poolmap test -j "$jobs" "$file"
        silently poolmap decompress -j "$jobs" -f -o out "$file"
        same_file expected out "$file -j $jobs to a file"
        silently poolmap decompress -j "$jobs" -c "$file" | cmp - expected
        cat "$file" | silently poolmap decompress -j "$jobs" | cmp - expected
        cat "$file" | silently poolmap decompress -j "$jobs" -f -o out
        same_file expected out "$file -j $jobs pipe to a file"
        cat "$file" | silently poolmap test -j "$jobs"
    done
done
