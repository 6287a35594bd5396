# --memory refuses frames with larger windows, and limits all processes together to one and a half times its value.
. "$CLI_LIB"
# peak COMMAND…: the sum of the peak memory of each of its processes, in KiB, without file pages.
peak() {
    exits processes "$@" > restored
    awk '{ sum += $3 } END { print sum }' processes
}
# Four frames of 70 MB with windows of 32 MiB and a content size, and four without a content size.
noise 7000000 > piece
for _ in {1..10}; do cat piece; done > content
zstd -q -1 --long=25 -c content > sized
zstd -q -1 --long=25 -c < content > unsized
for _ in {1..4}; do cat content; done > expected
for kind in sized unsized; do
    cat $kind $kind $kind $kind > $kind.zst
    for command in "-t" "-dc" "-d -f -o out" "-d --salvage -f -o out"; do
        for jobs in 1 4; do
            rm -f out
            # shellcheck disable=SC2086
            most=$(peak poolmap $command -j $jobs --memory=33M $kind.zst)
            ((most > 32 << 10 && most < 66 << 10)) || fail "$command, -j $jobs, $kind: $most KiB in use"
            [[ $command != *-o* ]] || same_file expected out "$command, -j $jobs, $kind"
            [[ $command != *c ]] || same_file expected restored "$command, -j $jobs, $kind"
        done
    done
done
# Without it four workers have a window each.
cat sized.zst sized.zst sized.zst > twelve.zst
most=$(peak poolmap -t -j 4 twelve.zst)
((most > 66 << 10)) || fail "only $most KiB are seen without a limit"

rm -f out
# A window that is one byte too large is one line that says what to do, wherever the frame is decoded.
text 200000 | zstd -q -c > small.zst
text 9000000 | zstd -q -c --long=23 > large.zst
for jobs in 1 3; do
    for file in small.zst:2097152:2M large.zst:8388608:8M; do
        IFS=: read -r file window enough <<< "$file"
        for command in "-t" "-dc" "-d -o out" "cat" "cat --length 1" "-d --salvage -o out"; do
            # shellcheck disable=SC2086
            expect_exit 1 poolmap $command -j $jobs --memory $((window - 1)) $file 2> said > restored
            grep -q "window of $window bytes.*; use --memory=$enough\$" said || fail "$command said: $(< said)"
            no_file out
            # shellcheck disable=SC2086
            silently poolmap $command -j $jobs --memory=$window $file > restored
            rm -f out
        done
        refuses 1 "use --memory=$enough" poolmap -t -j $jobs --memory=1M < <(cat $file)
        silently poolmap -t -j $jobs --memory=$enough < <(cat $file)
    done
done
# Frames of any size can be restored with little memory, as without the option: poolmap's, and very small ones.
text 20000000 > in
poolmap -q -o own.zst in
split -b 20000 --filter 'zstd -q -c' in > tiny.zst
for jobs in 1 2 4; do
    for file in own tiny; do
        silently poolmap -d -j $jobs --memory=2M -f -o out $file.zst
        same_file in out "$file, -j $jobs"
        silently poolmap -dc -j $jobs --memory=2M $file.zst | cmp - in
        cat $file.zst | silently poolmap -d -j $jobs --memory=2M | cmp - in
        silently poolmap -t -j $jobs -M2M $file.zst $file.zst $file.zst
    done
done
# zstd's spellings. It overrides --long, and 0 means no limit.
for option in -M9M --memory=9MB "--memory 9MiB" --memlimit=9437184 --memlimit-decompress=9M "--long=10 -M9M" \
    "-M0" "-M1M --long=23 -M9M" -qM9M; do
    # shellcheck disable=SC2086
    silently poolmap -dc $option large.zst > restored
    cmp restored <(text 9000000)
done
refuses 1 large.zst poolmap -dc --long=23 -M8388607 large.zst
refuses 2 memory poolmap -d --memory=much large.zst
# Without --memory the line names both options.
text 80000000 | zstd -q --long=28 -c > huge.zst
refuses 1 "use --long=28 or --memory=256M" poolmap -t huge.zst
silently poolmap -t --memory=256M huge.zst
