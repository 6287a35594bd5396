# Chunks end where an independent program computes it, for random data, small chunks and large, from a file and a pipe.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
# agrees BYTES CHUNK CUT-OF-PYTHON… -- OPTION…
agrees() {
    local bytes=$1 chunk=$2 by_hand=()
    shift 2
    while [[ $1 != -- ]]; do
        by_hand+=("$1")
        shift
    done
    shift
    chunks_by_hand in "$chunk" "${by_hand[@]}" > expected
    chunks_of -j 2 --chunk-size "$chunk" "$@" in > of-file
    chunks_of -j 1 --chunk-size "$chunk" "$@" < <(cat in) > of-pipe
    same_file expected of-file "of a file of $bytes bytes: --chunk-size $chunk $*"
    same_file expected of-pipe "of a pipe of $bytes bytes: --chunk-size $chunk $*"
}
for bytes in 2 61; do
    chunk=$((1 + RANDOM % 9))
    random_data "$bytes" 'abcd\n\n' > in
    agrees "$bytes" $chunk separator 0a -- --lines
    agrees "$bytes" $chunk separator 0a 2 -- --lines --header 2 --output-header 0
    agrees "$bytes" $chunk separator 0a0a -- --separator '\n\n'
    agrees "$bytes" $chunk separator 616261 -- --separator aba
    agrees "$bytes" $chunk bytes 0 --
    agrees "$bytes" $chunk record 3 -- --record-size 3
    random_data "$bytes" 'ab,"\n\n' > in
    agrees "$bytes" $chunk csv 0 -- --csv
    random_data "$bytes" 'ab>\n' > in
    agrees "$bytes" $chunk start '^>' -- --record-start '^>'
done
for alphabet in 'ab\n' '\0abcdefghijklmnop\n'; do
    bytes=$((4000 + RANDOM % 3000))
    chunk=$((500 + RANDOM % 700))
    random_data $bytes "$alphabet" > in
    agrees $bytes $chunk separator 0a -- --lines
    agrees $bytes $chunk separator 00 -- -0
    agrees $bytes $chunk separator 61620a -- --separator 'ab\n'
    agrees $bytes $chunk record 13 0 70 -- --record-size 13 --records 70
    agrees $bytes $chunk separator 0a 0 90 -- --lines --records 90
    agrees $bytes $chunk start 'a[^b]*b' 1 20 -- --record-start 'a[^b]*b' --records 20 --header 1 --output-header 0
    agrees $bytes $chunk bytes 0 1 -- --header 1 --output-header 0
done
bytes=$((6000 + RANDOM % 1000))
random_data $bytes 'abcdefghijklm,,"\n\n' > in
agrees $bytes $chunk csv 0 -- --csv
agrees $bytes $chunk csv 0 0 25 -- --csv --records 25
agrees $bytes $chunk csv 0 3 -- --csv --header 3 --output-header 0
