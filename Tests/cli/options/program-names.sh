# A link with one of zstd's names behaves as the name says, and has no command words.
. "$CLI_LIB"
text 300000 > f
zstd -q f
program=$(command -v poolmap)
mkdir bin
for name in zstd unzstd zstdcat zstdmt; do
    ln -s "$program" bin/$name
done
links=$PWD/bin
# by NAME ARGUMENT…: runs the program through that link.
by() { PATH="$links:$PATH" silently "$@"; }
mkdir work
cd work
cp ../f.zst .
by unzstd --rm f.zst
only_files f
same_file ../f f
by zstd --rm f
only_files f.zst
zstd -q -dc f.zst | cmp - ../f
by unzstd f.zst
by zstdmt -f f
by unzstd -c f.zst | cmp - f
by unzstd < f.zst | cmp - f
by zstdcat f.zst | cmp - f
by zstdcat < f.zst | cmp - f
by zstdcat f.zst f.zst | cmp - <(cat f f)
by zstdcat -o out f.zst
same_file f out
# Other data is passed through; an input is never removed.
by zstdcat f f.zst f | cmp - <(cat f f f)
by zstdcat --rm f.zst | cmp - f
[[ -f f.zst ]]
ln -s f.zst link
by zstdcat link | cmp - f
# An option overrides the name.
rm f.zst
by unzstd -z f
zstd -q -dc f.zst | cmp - f
by zstd -dc f.zst | cmp - f
by zstd -t f.zst
# By any path, and with a different argv[0].
"$links/unzstd" -c f.zst | cmp - f
(cd / && "${links#/}/unzstd" -c "$OLDPWD/f.zst") | cmp - f
(exec -a unzstd "$program" -c f.zst) | cmp - f
(exec -a /usr/bin/zstdcat "$program" f.zst) | cmp - f
(exec -a unzstd.exe "$program" -c f.zst) | cmp - f
(exec -a other "$program" -c f.zst) | zstd -q -dc | cmp - f.zst
env -- "$links/zstdcat" f.zst | cmp - f
# Words are file names there.
for word in compress decompress test list cat hash help; do
    cp f $word
    by zstd --rm $word
    zstd -q -dc $word.zst | cmp - f
    by unzstd -q --rm $word.zst
    refuses 1 "hash.zst: No such file" "$links/unzstd" hash.zst
    rm $word
done
refuses 2 "unknown option '--hash'" "$links/zstd" --hash f
tar -I "$links/zstd -T0 -19" -cf f.tar.zst f
mkdir unpacked
tar -I "$links/zstd -T0 -19" -xf f.tar.zst -C unpacked
same_file f unpacked/f
