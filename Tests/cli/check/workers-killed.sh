# Workers killed in mid-check, again and again: each file is told of once, in order, and rightly.
. "$CLI_LIB"
mkdir files
perl -e '
    for my $number (1 .. 600) {
        open my $out, ">", "files/$number" or die $!;
        print $out "content $number\n" x ($number * 50);
    }'
noise 6000000 > files/large
# Some are wrong.
{
    sha256sum files/{1..300} | sed '0~7s/^......../00000000/'
    b3sum files/{301..600} files/large | sed '0~5s/^......../00000000/'
    sha1sum files/large files/{1..100}
} > list
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
expect_exit 1 poolmap hash -j 1 -c list > expected 2> expected.err
(($(grep -c ': FAILED$' expected) == 42 + 60))
# Reads that take a while, so that there is somebody to kill.
start strace -qq -f -o /dev/null -e inject=read:delay_exit=3000 poolmap hash -j 3 -c list > printed 2> said
killed=0 next=0
while is_running "$front"; do
    # A file whose workers die three times is given up: so there is some progress between two deaths.
    count=$(wc -l < printed)
    ((count >= next)) || continue
    mapfile -t workers < <(tree_of "$front" | sed -n 's/^[0-9]* \([0-9]*\) pool-worker-[0-9]*$/\1/p')
    ((${#workers[@]} > 0)) || continue
    ! kill -KILL "${workers[RANDOM % ${#workers[@]}]}" 2> /dev/null || killed=$((killed + 1))
    next=$((count + 40))
done
expect_exit 1 wait "$front"
((killed >= 4)) || fail "only $killed workers were killed"
same_file expected printed
# The tracer says so when its own child is killed.
diff expected.err <(grep -v "^strace: " said) >&2
