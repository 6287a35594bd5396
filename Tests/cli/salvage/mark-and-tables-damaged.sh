# A damaged bit of a table costs no content, and one of the mark only its frame; both are reported.
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
        for my $byte ($tables .. length($bytes) - 1) {
            my $copy = $bytes;
            substr($copy, $byte, 1) ^= chr(1 << $byte * 5 % 8);
            open my $out, ">", sprintf("%s/%05d.zst", $folder, $byte) or die $!;
            print $out $copy;
        }' own.zst "bits$check" $((tables))
    cd "bits$check"
    (($(ls | wc -l) > 90))
    expect_exit 1 poolmap decompress -j 2 --salvage ./*.zst 2> ../said
    for bad in *.zst; do
        same_file ../in "${bad%.zst}"
        echo "poolmap: ./$bad: recovered all 5000 bytes of a damaged file"
    done > ../expected
    grep -v ': no content lost: ' ../said | diff ../expected - || fail "$check: other lines"
    sed -n 's/: no content lost.*//p' ../said | uniq | diff <(printf 'poolmap: %s\n' ./*.zst) -
    cd ..
    # After a header of seven bytes are the six of the mark.
    { head -c 1024 /dev/zero; part in 1024 5000; } > expected
    for byte in 7 8 9 10 11 12; do
        for bit in 0 3 7; do
            cp own.zst bad.zst
            patch bad.zst $byte $((1 << bit))
            expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
            same_file expected out "$check, byte $byte, bit $bit: $(< said)"
        done
    done
done
