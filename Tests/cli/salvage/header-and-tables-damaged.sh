# A damaged bit of the header or of a table costs nothing of the content, and is told.
. "$CLI_LIB"
text 5000 > in
for check in --check --no-check; do
    poolmap compress -q -f $check --chunk-size 1K -o own.zst in
    tables=$(poolmap list -v own.zst | sed -n 's/.*frame 4: \([0-9]*\) bytes at \([0-9]*\),.*/\1 + \2/p')
    mkdir "bits$check"
    perl -e '
        my ($file, $folder, $tables) = @ARGV;
        open my $in, "<", $file or die "$file: $!";
        my $bytes = do { local $/; <$in> };
        for my $byte (0 .. 43, $tables .. length($bytes) - 1) {
            my $copy = $bytes;
            substr($copy, $byte, 1) ^= chr(1 << $byte * 5 % 8);
            open my $out, ">", sprintf("%s/%05d.zst", $folder, $byte) or die $!;
            print $out $copy;
        }' own.zst "bits$check" $((tables))
    cd "bits$check"
    (($(ls | wc -l) > 100))
    expect_exit 1 poolmap decompress -j 2 --salvage ./*.zst 2> ../said
    for bad in *.zst; do
        same_file ../in "${bad%.zst}"
        echo "poolmap: ./$bad: restored all 5000 bytes of a damaged file"
    done > ../expected
    grep -v ': nothing of the content is lost by this: ' ../said | diff ../expected - || fail "$check: other lines"
    sed -n 's/: nothing of the content.*//p' ../said | uniq | diff <(printf 'poolmap: %s\n' ./*.zst) -
    cd ..
done
