# --output-template writes each chunk all or nothing to its file; an old file stays without -f, or if the chunk fails.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 11999 > in
for jobs in 1 2; do
    mkdir parts
    poolmap map -j $jobs --lines --chunk-size 2K --output-template 'parts/{index}-of-{input}' in -- cat > out
    same_text 0 "$(size_of out)"
    cat parts/{0..5}-of-in | cmp - in
    same_text 6 "$(ls parts | wc -l)"
    refuses 1 "already exists" poolmap map -j $jobs --lines --chunk-size 1M --output-template 'parts/{index}-of-in' in -- cat
    poolmap map -f -j $jobs --lines --chunk-size 1M --output-template 'parts/{index}-of-in' in -- tr 0-9 a-j
    tr 0-9 a-j < in | cmp - parts/0-of-in
    # One fails: its file does not exist, or is the old one.
    rm parts/*
    echo old > parts/3
    code=0
    poolmap map -f -j $jobs --lines --chunk-size 2K --keep-going --output-template 'parts/{index}' in -- \
        sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 3 ]' 2> said || code=$?
    ((code == 1))
    one_error_line said "in: chunk 3 (bytes "
    same_text old "$(< parts/3)"
    same_text "0 1 2 3 4 5" "$(ls parts | xargs)"
    rm -r parts
done
refuses 1 "nowhere" poolmap map --lines --output-template 'nowhere/{index}' in -- cat
refuses 2 "" poolmap map --lines --output-template '{index}' -o out2 in -- cat
refuses 2 "" poolmap map --lines --output-template '{index}' --reduce sum in -- cat
