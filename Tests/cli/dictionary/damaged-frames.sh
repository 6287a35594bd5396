# With a dictionary too every cut and flipped bit is noticed; in a file of one chunk at least if the content differs.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
cp records/00001.json one-chunk
cat records/0000[1-7].json > chunks
poolmap -q -D one -o one-chunk.zst one-chunk
poolmap -q -D one --chunk-size 1K -o chunks.zst chunks
for file in one-chunk chunks; do
    flip_each_bit $file.zst $file.flipped
    cut_at_each_byte $file.zst $file.cut
    for jobs in 1 2; do
        expect_exit 1 poolmap test -j $jobs -D one $file.cut/* 2> said
        same_text "$(find $file.cut -type f | wc -l)" "$(wc -l < said)"
    done
done
for jobs in 1 2; do
    expect_exit 1 poolmap test -j $jobs -D one chunks.flipped/* 2> said
    same_text "$(find chunks.flipped -type f | wc -l)" "$(wc -l < said)"
    rm -rf out
    expect_exit 1 poolmap -q -d -j $jobs -D one --output-dir out $(for path in one-chunk.flipped/*; do
        ln -f "$path" "$path.zst"
        echo "$path.zst"
    done) 2> said
    (($(wc -l < said) > 300))
    for path in out/*; do
        same_file one-chunk "$path"
    done
done
