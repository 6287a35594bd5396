# With --offset and --length only the chunks of the range are checked, and only their bytes are read.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
noise 1000000 > in
poolmap hash --manifest --chunk-size 64K -o manifest in
check() { poolmap hash --check manifest "$@"; }
flip in 327680 # The first byte of chunk 5.
says 0 "in: OK" check --offset 0 --length 327680
says 0 "in: OK" check --length 1
says 0 "in: OK" check --offset 384K
says 0 "in: OK" check --offset 393216 --length=606784
says 1 "in: FAILED bytes 327680 to 393215" check --offset 327679 --length 2
says 1 "in: FAILED bytes 327680 to 393215" check --offset 393215 --length 1
says 1 "in: FAILED bytes 327680 to 393215" check --offset 200000
says 1 "in: FAILED bytes 327680 to 393215" check -l 512K
says 0 "in: OK" check --offset 999999 --length 1
# Outside the file: one line, and no result.
for range in "--offset 1000000" "--offset 1000000 --length 1" "--offset 999999 --length 2" "--length 1000001" \
    "--offset 16T --length 16T" "--offset 18446744073709551615 --length 18446744073709551615"; do
    # shellcheck disable=SC2086
    refuses 1 "is not within the file" check $range > said
    [[ ! -s said ]] || fail "$range: $(< said)"
done
refuses 1 "a range can be checked only in a regular file" poolmap hash --check --manifest --length 5 <(poolmap hash --manifest < in) < <(cat in) > said
# Exactly the bytes of these chunks are read, with workers and without.
for jobs in 1 3; do
    for range in "--offset 100000 --length 100000:65536 262144" "--offset 999999 --length 1:983040 1000000" \
        "--length 1:0 65536" "--offset 786432:786432 1000000"; do
        # shellcheck disable=SC2086
        strace -f -y -qq -e trace=pread64,read,readv,preadv,mmap -o trace \
            poolmap hash --check -j "$jobs" manifest ${range%:*} > said
        same_text "in: OK" "$(< said)"
        same_text "${range##*:}" "$(perl -ne '
            next unless m{/in>[,)]};
            /pread64\(.*, (\d+), (\d+)\) = (\d+)$/ or die "read otherwise: $_";
            push @parts, [$2, $2 + $3];
            END {
                my ($start, $end);
                for (sort { $a->[0] <=> $b->[0] } @parts) {
                    $start //= $_->[0];
                    die "a gap, or read twice" if defined $end && $end != $_->[0];
                    $end = $_->[1];
                }
                print "$start $end";
            }' trace)"
    done
done
# The size matters only for the range.
head -c 700000 in > short && mv short in
says 0 "in: OK" check --offset 384K --length 256K
says 1 $'in: FAILED: has 700000 bytes, and should have 1000000\nin: FAILED bytes 655360 to 720895' \
    check --offset 699999 --length 1
says 1 $'in: FAILED: has 700000 bytes, and should have 1000000\nin: FAILED bytes 786432 to 851967' \
    check --offset 800000 --length 1
: > in
says 1 $'in: FAILED: has 0 bytes, and should have 1000000\nin: FAILED bytes 786432 to 851967' \
    check --offset 800000 --length 1
noise 1000000 > in
echo more >> in
says 0 "in: OK" check --offset 0 --length 900000
says 1 "in: FAILED: has 1000005 bytes, and should have 1000000" check --offset 999999
: > empty
poolmap hash --manifest empty > of-empty
says 0 "empty: OK" poolmap hash --check --offset 0 of-empty
refuses 1 "is not within the file" poolmap hash --check --offset 1 of-empty
refuses 1 "is not within the file" poolmap hash --check --length 1 of-empty
