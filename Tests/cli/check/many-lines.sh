# A list of 50,000 lines takes no more memory than a short one.
. "$CLI_LIB"
mkdir tree
for number in {0..99}; do echo "$number" > "tree/$number"; done
sha256sum tree/* > hundred
for _ in {1..500}; do cat hundred; done > list
(($(wc -l < list) == 50000))
# peak PID: its peak memory in KiB, once it has ended.
peak() {
    perl -e '
        my ($front, $peak, $samples) = (shift, 0, 0);
        while (open my $status, "<", "/proc/$front/status") {
            my $text = do { local $/; <$status> };
            last if $text !~ /VmHWM:\s*(\d+)/;
            $peak = $1;
            $samples++;
            select undef, undef, undef, 0.02;
        }
        print "$peak $samples\n";' "$1"
}
# run LIST: all its files match, and the front takes less than 40 MiB.
run() {
    local kib samples
    start poolmap hash -a sha256 -j 2 -c "$1" > printed
    read -r kib samples < <(peak "$front")
    expect_exit 0 wait "$front"
    ((samples >= 10)) || fail "only $samples samples"
    ((kib < 40960)) || fail "the front took $kib KiB"
    sed -E 's/^[0-9a-f]+  (.*)/\1: OK/' "$1" | cmp - printed
}
run list
