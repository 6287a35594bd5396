# Standard input from a file keeps its offset after the bytes read, as with cat; after an error, after those done.
. "$CLI_LIB"
real_data 900000 > in
islands holes 900000 100000:1000 700000:5
poolmap -q --chunk-size 64K -o out.zst in
cat out.zst out.zst > joined
# offset COMMAND…: the offset of standard input after it.
offset() {
    "$@" > /dev/null 2> said || true
    perl -e 'print sysseek(STDIN, 0, 1) + 0, "\n"'
}
for jobs in 1 2 3; do
    for file in in holes; do
        same_text 900000 "$(offset poolmap -j $jobs --chunk-size 64K -c < $file)"
        same_text 900000 "$(offset poolmap hash -j $jobs - < $file)"
        same_text 900000 "$(offset poolmap hash -j $jobs -a sha256 - < $file)"
        same_text 900000 "$(offset poolmap hash -j $jobs --manifest - < $file)"
        same_text 900000 "$({ perl -e 'sysseek STDIN, 123456, 0'; offset poolmap -j $jobs; } < $file)"
    done
    for file in out.zst joined; do
        same_text "$(size_of $file)" "$(offset poolmap -d -j $jobs < $file)"
        same_text "$(size_of $file)" "$(offset poolmap -t -j $jobs < $file)"
        same_text "$(size_of $file)" "$(offset poolmap -d --salvage -j $jobs < $file)"
    done
    # The first command reads all frames, as with zstd.
    same_text "1800000 0" "$({ poolmap -dc -j $jobs | wc -c; wc -c; } < joined | paste -sd' ')"
    same_text "900000 0" "$({ poolmap -qc -j $jobs | zstd -q -dc | wc -c; wc -c; } < in | paste -sd' ')"
    # So does data that is passed through.
    same_text 900000 "$(offset poolmap -dcf -j $jobs < in)"
    same_text 900000 "$(offset poolmap -dcf -j $jobs < holes)"
    # Another command can continue where this one has found nothing that it could use.
    { poolmap -dc -j $jobs 2> said || cat; } < in | cmp - in
    one_error_line said "standard input: "
    # An error after good frames: the restored part and the rest make up the whole.
    head -c 200000 out.zst > cut
    { expect_exit 1 poolmap -dc -j $jobs 2> said > restored; cat > left; } < cut
    same_text 65536 "$(($(size_of restored) / (1 + $(size_of restored) / 65536 - 1)))"
    cat left > rest
    cmp left <(tail -c "$(size_of left)" cut)
    head -c "$((200000 - $(size_of left)))" cut | zstd -q -dc | cmp - restored
done
