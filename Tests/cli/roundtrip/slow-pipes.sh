# A producer that writes single bytes and small pieces, with pauses, gives the same file as a fast one.
. "$CLI_LIB"
real_data 700001 > in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
trickle() {
    perl -e '
        $| = 1;
        open my $in, "<", $ARGV[0];
        for my $size ((1) x 50, 65536, 4095, 1, 131073, 7, 65535) {
            sysread $in, my $part, $size;
            syswrite STDOUT, $part;
            select undef, undef, undef, 0.005;
        }
        while (sysread $in, my $part, 50000) { syswrite STDOUT, $part }' "$1"
}
for jobs in 1 3; do
    trickle in | silently poolmap compress -j "$jobs" --chunk-size 64K | cmp - reference.zst
    trickle reference.zst | silently poolmap decompress -j "$jobs" | cmp - in
    trickle reference.zst | silently poolmap test -j "$jobs"
done
