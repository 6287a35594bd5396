# Workers killed again and again during a check: each file is reported once, in order, with the right result.
. "$CLI_LIB"
mkdir files
perl -e '
    for my $number (1 .. 600) {
        open my $out, ">", "files/$number" or die $!;
        print $out "content $number\n" x ($number * 50);
    }'
noise 6000000 > files/large
# Some digests are wrong.
{
    sha256sum files/{1..300} | sed '0~7s/^......../00000000/'
    b3sum files/{301..600} files/large | sed '0~5s/^......../00000000/'
    sha1sum files/large files/{1..100}
} > list
expect_exit 1 poolmap hash -j 1 -c list > expected 2> expected.err
(($(grep -c ': FAILED$' expected) == 42 + 60))
start_stopping "$(echo files/{50..600..50} files/large | tr ' ' ,)" 1+ poolmap hash -j 3 -c list > printed 2> said
kill_stopped_workers 2
expect_exit 1 wait "$front"
((kills >= 20 && kills <= 26)) || fail "$kills workers were killed"
same_file expected printed
same_file expected.err said
