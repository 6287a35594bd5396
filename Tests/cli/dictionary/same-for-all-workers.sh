# With a dictionary too the bytes are the same for every number of workers, from a file or a pipe.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
real_data 3000000 > in
for dictionary in one raw; do
    poolmap -q -j 1 -D $dictionary --chunk-size 64K -f -o expected in
    for jobs in 2 3 5; do
        silently poolmap -q -j $jobs -D $dictionary --chunk-size 64K -f -o out in
        same_file expected out "-j $jobs"
        silently poolmap -q -j $jobs -D $dictionary --chunk-size 64K -f -o out < <(cat in)
        same_file expected out "-j $jobs, from a pipe"
    done
done
# Every chunk uses it, not just the first.
cat records/*.json > in
poolmap -q -D raw --chunk-size 16K -f -o out in
refuses 1 "damaged" poolmap cat --offset 80000 out
