# The parts of a map, made in any order and joined, are byte for byte what one run makes, however the input is cut.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
# shuffled WORD…: the words in random order.
shuffled() { perl -MList::Util=shuffle -e 'srand shift; print join " ", shuffle @ARGV' "$RANDOM" "$@"; }
cat > command << 'SCRIPT'
#!/bin/bash
# The values and the data of a command; and some empty outputs.
[[ $POOLMAP_CHUNK_INDEX != *7 ]] || exit 0
echo "$POOLMAP_CHUNK_INDEX $POOLMAP_CHUNK_OFFSET $POOLMAP_CHUNK_LENGTH ${POOLMAP_CHUNK_COUNT-} $POOLMAP_INPUT $*"
exec cat
SCRIPT
chmod 755 command

# parts COUNT OPTION…: one run and the joined parts of the file `in` are the same.
parts() {
    local count=$1 number
    shift
    rm -f out whole out.part-*
    silently poolmap map -q "$@" -o whole in -- ./command '{index} {offset} {length} {input}'
    # shellcheck disable=SC2046
    for number in $(shuffled $(seq "$count")); do
        silently poolmap map -q -j $((1 + RANDOM % 2)) --part "$number/$count" "$@" -o out in -- \
            ./command '{index} {offset} {length} {input}'
        [[ -f out.part-$number-of-$count ]]
        no_file out
    done
    # shellcheck disable=SC2046
    silently poolmap join -q --rm -o out $(shuffled out.part-*-of-"$count")
    same_file whole out "$count parts with $*"
    no_file out.part-*
}

# Each kind of cut in two and in several parts; a few cuts in one, and in more parts than chunks.
for cut in "--lines --chunk-size 600" "--separator bb --chunk-size 600" '--separator b\nb --records 90' \
    "--record-start ^a --chunk-size 600" "--record-size 7 --records 100" "--chunk-size 600 --header 30 --output-header 0" \
    "--lines --records 150 --header 3 --output-header 0"; do
    random_data 20000 'ab\n' > in
    # shellcheck disable=SC2086
    for count in 2 7; do parts $count $cut; done
done
random_data 20000 'ab\0' > in
for count in 2 7; do parts $count -0 --chunk-size 600; done
random_data 20000 'abcdefg,,"\n\n' > in
for count in 2 7; do
    parts $count --csv --chunk-size 600
    parts $count --csv --records 60 --header 1 --output-header 0
done
for count in 1 40; do
    parts $count --csv --chunk-size 600
    parts $count --chunk-size 700
    parts $count --lines --records 100
done

# {count} is that of the whole input.
rm -f out out.part-*
seq 1000 > in
for number in 1 2 3; do silently poolmap map --part $number/3 --chunk-size 100 -o out in -- echo '{index} of {count}'; done
silently poolmap join -q -o out out.part-*
same_file out <(for index in $(seq 0 38); do echo "$index of 39"; done)
rm out out.part-*

# More than fits in memory, and several outputs in a task.
seq 200000 > in
for number in 1 2 3; do
    silently poolmap map --part $number/3 --memory 64K -j 2 --lines --chunk-size 300K -o out in -- cat
    silently poolmap map --part $number/3 -j 2 --lines --chunk-size 1K -o small in -- wc -l
done
silently poolmap join -q out.part-* small.part-*
same_file in out
same_text 200000 "$(awk '{ n += $1 } END { print n }' small)"

# Concurrently, and twice.
rm out out.part-*
pids=()
for number in 1 1 2 2 3 3 4 4; do
    poolmap map -q -f -j 1 --part $number/4 --lines --chunk-size 20K -o out in -- cat &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
silently poolmap join -q -o out out.part-*
same_file in out
