# Where separators overlap, as in three line ends, a file and a pipe are cut alike.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
# alike DATA SEPARATOR HEX
alike() {
    local chunk
    # shellcheck disable=SC2059
    printf "$1" > in
    for chunk in 1 2 4; do
        chunks_by_hand in $chunk separator "$3" > expected
        chunks_of -j 1 --chunk-size $chunk --separator "$2" in > of-file
        chunks_of -j 1 --chunk-size $chunk --separator "$2" < <(cat in) > of-pipe
        same_file expected of-file "file: $*, $chunk"
        same_file expected of-pipe "pipe: $*, $chunk"
    done
}
alike 'x\n\n\ny\n\n\n\n\nz' '\n\n' 0a0a
alike 'aaaaaaabaaa' 'aaaa' 61616161
alike 'abababababa' 'aba' 616261
