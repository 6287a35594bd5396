# Helpers for the cases in dictionary/, which source this file after lib.sh.

# write_records FOLDER COUNT: writes COUNT small files that are similar, but all different.
write_records() {
    mkdir -p "$1"
    perl -e '
        use integer;
        my ($folder, $count) = @ARGV;
        my $state = 1;
        sub some { $state = $state * 6364136223846793005 + 1442695040888963407; ($state >> 33 & 0x7fffffff) % $_[0] }
        for my $number (1 .. $count) {
            open my $out, ">", sprintf("%s/%05d.json", $folder, $number) or die $!;
            printf $out qq({"id": %d, "user": {"name": "%s", "group": "%s"}, "created": "2026-%02d-%02dT%02d:00:00Z",\n),
                $number, (qw(ada grace linus ken dennis))[some(5)], (qw(admin editor viewer))[some(3)],
                1 + some(12), 1 + some(28), some(24);
            printf $out qq( "payload": {"status": "%s", "bytes": %d, "checksum": "%08x%08x"},\n),
                (qw(done failed pending))[some(3)], some(1000000), some(1 << 30), some(1 << 30);
            printf $out qq( "links": ["https://api.example.org/items/%d/self", "https://api.example.org/items/%d/next"]}\n),
                $number, $number + 1;
        }' "$@"
}

# lay_out_dictionaries: makes 400 small files in `records`, the dictionaries `one` and `other` from them, with the
# numbers 4711 and 77, and `raw`, some of their bytes without a number.
lay_out_dictionaries() {
    write_records records 400
    zstd -q --train -r records --maxdict=8000 --dictID=4711 -o one
    zstd -q --train -r records --maxdict=5000 --dictID=77 -o other
    cat records/0000[1-9].json > raw
}
