# A file with holes gives the same bytes as the same file without them, for every number of workers, and from a pipe.
. "$CLI_LIB"
# Data at the borders of chunks and blocks, of one byte too; chunks that are holes, and a hole at the end.
islands in 3000000 0:1 4097:3 65535:2 131072:4096 200000:70000 524288:1 1048575:2 1500001:12345 2097151:1
cp --sparse=never in full
truncate -s 2000000 hole
cp --sparse=never hole zeros
(($(disk_of in) < 200 && $(disk_of full) > 2900 && $(disk_of hole) == 0)) || skip "this file system has no holes"
for options in "--chunk-size 64K" "--chunk-size 1M -1" "-19 --long" "--no-check --chunk-size 256K" "--chunk-size 4M" \
    "--rsyncable --chunk-size 64K"; do
    # shellcheck disable=SC2086
    for pair in "in full" "hole zeros"; do
        read -r sparse dense <<< "$pair"
        poolmap -q $options -j 1 -c "$dense" > expected
        for jobs in 1 2 3; do
            silently poolmap $options -j $jobs -c "$sparse" > out
            same_file expected out "$sparse, $options, -j $jobs"
            silently poolmap $options -j $jobs < "$sparse" > out
            same_file expected out "$sparse, $options, -j $jobs, standard input"
            cat "$sparse" | silently poolmap $options -j $jobs > out
            same_file expected out "$sparse, $options, -j $jobs, a pipe"
            { perl -e 'sysseek STDIN, 100000, 0'; silently poolmap $options -j $jobs; } < "$sparse" > out
            zstd -q -dc out | cmp - <(tail -c +100001 "$dense")
        done
        zstd -q -dc < expected | cmp - "$dense"
    done
done
# Workers process small files whole.
mkdir few
for number in {1..9}; do islands "few/$number" $((number * 40000)) $((number * 9999)):$((number * 10)); done
silently poolmap -j 2 -r few
for number in {1..9}; do
    cp --sparse=never "few/$number" full
    poolmap -q -c full | cmp - "few/$number.zst"
done
# What an interrupted run has kept is compared with holes too.
poolmap -q --chunk-size 64K -c in > expected
for jobs in 1 2; do
    silently poolmap --chunk-size 64K --resume -j $jobs -f -o out in
    same_file expected out "--resume, -j $jobs"
done
