# --resume continues at the first chunk whose output was not kept, whatever the cut, and runs no other chunk again.
# The output is that of an uninterrupted run.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
cat > command <<'END2'
#!/bin/bash
# Fails from a chunk on, until the file `go` exists.
[[ -e go || $POOLMAP_CHUNK_INDEX -lt $FIRST ]] || exit 1
echo "$POOLMAP_CHUNK_INDEX" >> ran
echo "$POOLMAP_CHUNK_INDEX $POOLMAP_CHUNK_OFFSET $POOLMAP_CHUNK_LENGTH"
cat
END2
chmod 755 command
# goes_on OPTION…: for the file `in`.
goes_on() {
    local options=(--resume -o out "$@" "${input-in}") count
    : > go
    rm -f ran out ran-before
    FIRST=0 poolmap map -j 2 "${options[@]:1}" -- ./command
    count=$(wc -l < ran)
    mv out expected
    rm go ran
    FIRST=$((RANDOM % (count + 1)))
    export FIRST
    for part in 1 2; do
        code=0
        # One worker, so that the kept chunks are known: several may finish chunks after one that is not done.
        poolmap map -j 1 "${options[@]}" -- ./command 2> said || code=$?
        no_new_files
        if ((FIRST == count)); then
            ((code == 0))
            break
        fi
        ((code == 1)) || fail "exit code $code: $(< said)"
        no_file out
        cat ran >> ran-before 2> /dev/null || : >> ran-before
        : > ran
        FIRST=$((FIRST + RANDOM % (count - FIRST + 1)))
    done
    : > go
    if [[ ! -e out ]]; then
        : > ran
        poolmap map -j 2 "${options[@]}" -- ./command
    fi
    cat ran >> ran-before
    same_file expected out "with $*"
    no_file out.partial out.resume
    # Each chunk has run once. A compressed output has its first frame only when it has a second.
    [[ $* == *--compress* ]] || same_text "$(seq 0 $((count - 1)))" "$(sort -n ran-before)"
    rm go
}
no_new_files() {
    if [[ -e out.resume ]]; then [[ -e out.partial ]]; else no_file out.partial; fi
}
chunk=$((500 + RANDOM % 700))
for more in "" --compress; do
    random_data 9000 'ab\n' > in
    goes_on --lines --chunk-size $chunk $more
    goes_on --separator 'bb' --records 90 $more
    goes_on --separator 'a\na' --chunk-size $chunk $more
    goes_on --record-start '^a' --records 60 $more
    goes_on --chunk-size $chunk --header 2 --output-header 0 $more
    goes_on --record-size 7 --records 100 $more
    random_data 9000 'abcdefg,,"\n\n' > in
    goes_on --csv --chunk-size $chunk $more
    goes_on --csv --records 60 --header 1 --output-header 0 $more
done
# Compressed inputs: frames that workers decompress, and one frame for all.
random_data 90000 'ab\n' > in
poolmap compress -q -f --chunk-size 20K in
input=in.zst goes_on --lines --chunk-size 9K
input=in.zst goes_on --lines --chunk-size 9K --compress
zstd -q -f in
input=in.zst goes_on --lines --chunk-size 2K
input=in.zst goes_on --lines --records 1000 --compress
# Common first lines.
{ echo head; seq 1000; } > in
for more in "" --compress; do
    rm -f out
    code=0
    poolmap map -j 1 --resume -o out --lines --chunk-size 500 --header 1 $more in -- \
        sh -c '[ $POOLMAP_CHUNK_INDEX -lt 4 ] && cat' 2> said || code=$?
    ((code == 1))
    poolmap map -j 2 --resume -o out --lines --chunk-size 500 --header 1 $more in -- \
        sh -c '[ $POOLMAP_CHUNK_INDEX -lt 4 ] && cat' 2> said && fail "another chunk 4"
    # Another command is another run.
    silently poolmap map -q -j 2 --resume -o out --lines --chunk-size 500 --header 1 $more in -- cat
    if [[ -n $more ]]; then zstd -q -dc out | cmp - in; else same_file in out; fi
done
# An empty input, and one whose output is empty.
: > none
silently poolmap map --resume -o empty --lines none -- cat
[[ -f empty && ! -s empty ]]
no_file empty.partial empty.resume
silently poolmap map --resume -o empty.zst --compress --lines in -- true
zstd -q -dc empty.zst | cmp - none
