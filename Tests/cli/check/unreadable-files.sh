# Files that cannot be read, vanish or change while they are read are "FAILED open or read"; stderr says why, in order.
. "$CLI_LIB"
. "$CLI_FOLDER/checks.sh"
chmod 777 .
mkdir folder
for number in {1..9}; do echo $number > $number; done
noise 1100000 > large
sha256sum {1..4} large {5..9} > list
sed 's/$/x/; 1!d' list >> list
chmod 000 3 8
rm 5
rm 7 && mkdir 7
for jobs in 1 2; do
    expect_exit 1 as_user sha256sum -c list > expected 2> /dev/null
    expect_exit 1 as_user poolmap hash -j $jobs -c list > printed 2> said
    same_file expected printed
    same_text "3 5 7 8 1x WARNING" "$(sed 's/^poolmap: \([^:]*\): .*/\1/' said | xargs)"
    grep -q '^poolmap: 5: No such file or directory$' said
    grep -q '^poolmap: WARNING: 5 listed files could not be read$' said
    expect_exit 1 as_user sha256sum -c --ignore-missing list > expected 2> /dev/null
    expect_exit 1 as_user poolmap hash -j $jobs -c --ignore-missing list > printed 2> said
    same_file expected printed
    same_text "3 7 8 WARNING" "$(sed 's/^poolmap: \([^:]*\): .*/\1/' said | xargs)"
done
# Large and small ones that change between two reads, where strace makes their reader wait.
chmod 644 3 8
rmdir 7
echo 5 > 5
echo 7 > 7
sha256sum {1..9} large > list
cp large saved
for growing in 6 large; do
    for jobs in 1 2; do
        start strace -qq -f -o trace -P "$PWD/$growing" -e inject=read,pread64:delay_exit=300000 \
            poolmap hash -j $jobs -c list > printed 2> said
        is_read() { grep -Eqs 'read|pread64' trace; }
        wait_until 20 is_read
        echo more >> $growing
        wait_gone 20 "$front"
        expect_exit 1 wait "$front"
        rm trace
        same_text "$(printf '%s\n' "poolmap: $growing: changed while it was read" \
            "poolmap: WARNING: 1 listed file could not be read")" "$(< said)"
        { sha256sum -c list 2> /dev/null || true; } | sed "s/^$growing: FAILED$/& open or read/" | cmp - printed
        echo 6 > 6
        cp saved large
    done
done
