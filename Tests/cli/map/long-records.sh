# A record longer than a chunk makes the chunk longer; one above --max-record is the same error from a file and a pipe.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
{ text 12000; printf '%200000s\n' x; text 12000; } > in
chunks_by_hand in 4096 separator 0a > expected
for jobs in 1 2; do
    chunks_of -j $jobs --lines --chunk-size 4K in > seen
    same_file expected seen
    chunks_of -j $jobs --lines --chunk-size 4K --max-record 200K < <(cat in) > seen
    same_file expected seen
    for most in 100K 1 150000; do
        refuses 1 "in: no record ends within " poolmap map -j $jobs --lines --chunk-size 4K --max-record $most -o out in -- cat
        sed 's/poolmap: [^:]*: //' "$CLI_NOTES/refusal" > of-file
        refuses 1 "standard input: no record ends within " \
            poolmap map -j $jobs --lines --chunk-size 4K --max-record $most -o out -- cat < <(cat in)
        sed 's/poolmap: [^:]*: //' "$CLI_NOTES/refusal" > of-pipe
        same_file of-file of-pipe
        # The cut after which no record ends.
        [[ $most == 1 ]] || grep -q 'after byte 12288; use --max-record ' of-file
        no_file out
    done
done
# A separator that never occurs: one chunk, up to the longest record.
same_text "0 224001" "$(chunks_of --separator 'nowhere' --chunk-size 4K in)"
same_text "0 224001" "$(chunks_of --separator 'nowhere' --chunk-size 4K < <(cat in))"
refuses 1 "in: no record ends within 100000 bytes after byte 4096" \
    poolmap map --separator nowhere --chunk-size 4K --max-record 100000 in -- cat
# The longest allowed, to the byte: the cut is at 10, and the line ends at 25.
{ printf '%24s\n' x; echo y; } > exact
same_text "0 25 25 2" "$(chunks_of --lines --chunk-size 10 --max-record 15 exact | xargs)"
same_text "0 25 25 2" "$(chunks_of --lines --chunk-size 10 --max-record 15 < <(cat exact) | xargs)"
refuses 1 "after byte 10" poolmap map --lines --chunk-size 10 --max-record 14 exact -- cat
refuses 1 "after byte 10" poolmap map --lines --chunk-size 10 --max-record 14 -- cat < <(cat exact)
