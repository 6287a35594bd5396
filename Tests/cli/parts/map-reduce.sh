# Parts keep the outputs of their chunks, and join reduces them all to what one run makes, in the same groups.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
export LC_ALL=C
chmod 777 .
mkdir spill
export TMPDIR=$PWD/spill
python3 -c '
import random
random.seed(9)
for _ in range(8000): print(random.randint(0, 10**6), random.randint(-99, 99) / 4)' > in

# parts COUNT LINE OPTION… -- COMMAND…: for the file `in`.
parts() {
    local count=$1 line=$2 number
    shift 2
    rm -f out whole out.part-*
    silently poolmap map -q --reduce "$line" -o whole in --lines "$@"
    for number in $(seq "$count"); do
        silently poolmap map -q --part "$number/$count" --reduce "$line" -o out in --lines "$@"
    done
    for jobs in 1 3; do
        silently poolmap join -q -f -j $jobs --reduce "$line" -o out out.part-*
        same_file whole out "$count parts by $line with $*"
        poolmap join -q -c -j $jobs --reduce "$line" out.part-* | cmp - whole
    done
}
for count in 1 2 7; do
    parts $count 'sort -m {}' --chunk-size 20K -- sort
    same_file out <(sort in)
    parts $count sum --chunk-size 6K -- wc
done
parts 40 'sort -m {}' --chunk-size 20K -- sort
# One output, slightly more than are joined at a time, and some hundred: the result shows how they were grouped.
for size in 1M 6200 400; do
    parts 3 'echo "("; cat {}; echo ")"' --chunk-size $size -- head -1
done
parts 2 concat --chunk-size 4K -- cat
same_file in out
parts 3 sum --chunk-size 4K --header 1 --output-header 0 -- cat
# Exponents: rounding depends on the order.
parts 7 sum --chunk-size 1K -- awk '{ print $1 "e-7", 0.1 }'
: > in
parts 3 'sort -m {}' -- cat
parts 3 sum -- cat
same_text "" "$(ls -A spill)"

# --reduce after the command of a part; in join it may be anywhere.
seq 3000 > in
rm -f out* whole
for number in 1 2 3; do silently poolmap map --part $number/3 --lines --chunk-size 1K -o out in -- sort -n --reduce 'sort -n -m {}'; done
cp -r . ../saved
silently poolmap join --rm --fsync -o out --reduce 'sort -n -m {}' out.part-*
same_file in out
only_files in out spill
rm -r out spill in
mv ../saved/* .
# Without -o the target is derived from the parts' names; -o - is standard output.
poolmap join -q --reduce 'sort -n -m {}' -o - out.part-* | cmp - in
silently poolmap join out.part-* --reduce 'sort -n -m {}'
same_file in out
silently poolmap join --if-changed out.part-* --reduce 'sort -n -m {}'

# The reduction must be the one that the parts were made for.
rm out
refuses 1 'out: the parts were made with --reduce "sort -n -m {}", but join needs the same' poolmap join -o out out.part-*
refuses 1 'the parts were made with --reduce "sort -n -m {}", but join has "sum"' poolmap join --reduce sum -o out out.part-*
refuses 1 'but join has "sort -m {}"' poolmap join --reduce 'sort -m {}' -o out out.part-*
refuses 1 'but join needs the same' poolmap join -c out.part-*
refuses 1 'but join needs the same' poolmap join --reduce concat -o out out.part-*
for number in 1 2; do
    poolmap map --part $number/2 --lines -o plain in -- cat
    poolmap compress -q --part $number/2 -o in.zst in
    poolmap map --part $number/2 --lines --reduce sum -o words in -- echo many
    poolmap map --part $number/2 --lines --reduce 'sort -m {}; exit 3' -o failed in -- cat
done
refuses 1 'the parts were made with --reduce "concat", but join has "sum"' poolmap join --reduce sum -o plain plain.part-*
refuses 1 '--reduce joins outputs of map, but these are parts of compress' poolmap join --reduce sum -o in.zst in.zst.part-*
silently poolmap join -q --reduce concat -o plain plain.part-*
same_file in plain
refuses 2 "--reduce requires the parts of a single file" poolmap join --reduce sum plain.part-* out.part-*
refuses 2 "" poolmap join --reduce
# A failed reduction leaves nothing, and a full TMPDIR is reported.
refuses 1 "the command of --reduce exited with code 3" poolmap join --reduce 'sort -m {}; exit 3' -o failed failed.part-*
refuses 1 "needs numbers" poolmap join --reduce sum -o words words.part-*
refuses 1 "TMPDIR" env TMPDIR=/nowhere/at/all poolmap join --reduce 'sort -n -m {}' -o out out.part-*
no_file out failed words

# Damage is detected in each byte that is read.
for number in 1 2 3; do
    cp out.part-$number-of-3 kept
    patch out.part-$number-of-3 500 0
    refuses 1 "out.part-$number-of-3 is damaged in chunk 0; remove it and make the part again" \
        poolmap join --reduce 'sort -n -m {}' -o out out.part-*
    mv kept out.part-$number-of-3
done
refuses 1 "part 2 of 3 is missing" poolmap join --reduce 'sort -n -m {}' -o out out.part-{1,3}-*
no_file out
same_text "" "$(ls -A spill)"
refuses 1 "/dev/null is not a regular file; the parts are not removed" poolmap join -f --rm --reduce "sort -n -m {}" -o /dev/null out.part-*
[[ -f out.part-3-of-3 ]]
