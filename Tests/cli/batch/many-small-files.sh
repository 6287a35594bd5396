# A tree of 20,000 small files takes little memory and few descriptors, and works with at most 64 open descriptors.
. "$CLI_LIB"
perl -e '
    mkdir "tree";
    for my $number (0 .. 19999) {
        my $folder = "tree/" . $number % 20;
        mkdir $folder if $number < 20;
        open my $out, ">", "$folder/$number" or die "$number: $!";
        print $out "file $number\n" x ($number % 50);
    }'
# watch PID: the largest number of descriptors of one of its processes, and the front's peak memory in KiB.
watch() {
    perl -e '
        my ($front, $most, $samples, $peak) = (shift, 0, 0, 0);
        while (open my $status, "<", "/proc/$front/status") {
            my $text = do { local $/; <$status> };
            last if $text !~ /VmHWM:\s*(\d+)/;
            $peak = $1;
            my @processes = ($front);
            my @all = @processes;
            while (defined(my $process = shift @processes)) {
                open my $in, "<", "/proc/$process/task/$process/children" or next;
                my @children = split " ", <$in> // "";
                push @processes, @children;
                push @all, @children;
            }
            for my $process (@all) {
                opendir my $folder, "/proc/$process/fd" or next;
                my $count = grep { /\d/ } readdir $folder;
                $most = $count if $count > $most;
                $samples++;
            }
            select undef, undef, undef, 0.03;
        }
        print "$most $peak $samples\n";' "$1"
}
check() {
    local most peak samples
    read -r most peak samples < <(watch "$front")
    wait "$front"
    ((samples >= 20)) || fail "only $samples samples"
    ((most <= 60)) || fail "there were $most descriptors in one process"
    ((peak < 61440)) || fail "the front took $peak KiB"
}
start poolmap compress -j 2 -r tree --output-dir made
check
(($(find made -type f | wc -l) == 20000))
zstd -q -dc made/tree/7/19987.zst made/tree/19/1999.zst made/tree/0/0.zst | cmp - <(cat tree/7/19987 tree/19/1999 tree/0/0)
# A report and make's rules are written during the run.
# shellcheck disable=SC2016
start bash -c 'ulimit -n 64; exec "$@"' - poolmap decompress -j 2 --rm -r made/tree --output-dir restored --report report
check
(($(find made -type f | wc -l) == 0))
diff -r tree restored/tree
(($(grep -c '"status": "done"' report) == 20000))
