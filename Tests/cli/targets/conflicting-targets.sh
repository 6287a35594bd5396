# Two inputs with one target, a target that is another input, and a file given twice are refused, without harm.
. "$CLI_LIB"
text 1000 > a
text 2000 > a.zst
mkdir sub
noise 200000 1 > sub/big
cp a kept.a
cp a.zst kept.zst
for jobs in 1 2; do
    for options in "" "-f" "-f --rm" "--if-changed"; do
        # The target of the first is the second input.
        code=0
        # shellcheck disable=SC2086
        poolmap compress -j $jobs $options a.zst a 2> said || code=$?
        ((code == 1)) || fail "exit code $code"
        one_error_line said "a: its target a.zst is another input"
        same_file a kept.a
        [[ $options == *--rm ]] || same_file a.zst kept.zst
        zstd -q -dc a.zst.zst | cmp - kept.zst
        cp kept.zst a.zst
        rm a.zst.zst
    done
    # The other order: when the second is checked, the first is about to get its name.
    code=0
    poolmap compress -j $jobs -f a a.zst 2> said || code=$?
    ((code == 1))
    one_error_line said "a.zst: is the target of another input"
    zstd -q -dc a.zst | cmp - kept.a
    no_file a.zst.zst
    cp kept.zst a.zst
    # The same file twice, however it is spelled.
    for again in sub/big sub/../sub/big "$PWD/sub/big" ./sub//big; do
        refuses 1 "$again: " poolmap compress -j $jobs -f --chunk-size 64K sub/big "$again"
        zstd -q -dc sub/big.zst | cmp - sub/big
    done
    # If nothing is written that is allowed.
    silently poolmap test -j $jobs sub/big.zst sub/big.zst
    silently poolmap hash -a sha256 -j $jobs a a | cmp - <(sha256sum a a)
    poolmap compress -j $jobs -c a a | zstd -q -dc | cmp - <(cat a a)
    # Two inputs that would be restored to one file.
    text 100 | zstd -q > x.zst
    text 200 | zstd -q > x.zstd
    refuses 1 "x.zstd: its target x" poolmap decompress -j $jobs -f x.zst x.zstd
    same_file x <(text 100)
    rm x
done
# Input and output are the same.
refuses 1 "a: is both input and output" poolmap compress -f -o a a
refuses 1 "a: is both input and output" poolmap compress -f -o "$PWD/a" ./a
same_file a kept.a
ln -s sub other
refuses 1 "other/big: " poolmap compress -f sub/big other/big
