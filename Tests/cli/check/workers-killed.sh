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
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
expect_exit 1 poolmap hash -j 1 -c list > expected 2> expected.err
(($(grep -c ': FAILED$' expected) == 42 + 60))
# Slow reads, so that there are workers to kill.
start strace -qq -f -o /dev/null -e inject=read:delay_exit=3000 poolmap hash -j 3 -c list > printed 2> said
killed=0 next=0
while is_running "$front"; do
    # A file whose workers die three times is given up, so wait for some progress between two deaths.
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
# strace prints a line when its own child is killed.
diff expected.err <(grep -v "^strace: " said) >&2
