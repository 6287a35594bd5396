# A command word that is also a file's name is refused, so that the shell's * never selects a command.
. "$CLI_LIB"
text 5000 > a
zstd -q a -o a.zst
cp a.zst kept.zst
for word in compress decompress test list cat hash help; do
    text 4000 > $word
    refuses 2 "$word is a command and also a file here: type ./$word for the file, or --$word for the command" \
        poolmap $word a
    refuses 2 "$word is a command" poolmap $word
    only_files a a.zst kept.zst $word
    # Both meanings can be written explicitly.
    silently poolmap ./$word
    zstd -q -dc $word.zst | cmp - $word
    rm $word.zst
    silently poolmap -- $word
    zstd -q -dc $word.zst | cmp - $word
    rm $word.zst
    silently poolmap -1 $word
    zstd -q -dc $word.zst | cmp - $word
    rm $word.zst $word
    # A dangling link is a name, too.
    ln -s nowhere $word
    refuses 2 "$word is a command" poolmap $word a
    rm $word
done
touch compress decompress test list cat hash help
silently poolmap --compress -c a | zstd -q -dc | cmp - a
silently poolmap --decompress -c a.zst | cmp - a
silently poolmap --test a.zst
(cd / && poolmap list "$OLDPWD/a.zst") | sed "s|$PWD/||" > listed
poolmap --list a.zst | cmp - listed
poolmap --cat --offset 100 --length 7 a.zst | cmp - <(part a 100 7)
poolmap --hash -a sha256 a | cmp - <(sha256sum a)
poolmap --help | grep -q '^USAGE'
refuses 2 "--hash must be the first argument" poolmap -q --hash a
rm compress decompress test list cat hash help
# The file that receives this command's output was made for it, and does not count.
poolmap hash -a sha256 a > hash
sha256sum a | cmp - hash
rm hash
# A folder cannot be an input without -r: the word is a command, and a note says so.
mkdir hash test
poolmap hash -a sha256 a 2> said | cmp - <(sha256sum a)
one_error_line said "hash is taken as the command, but is also a directory here: type ./hash for the directory, or --hash"
silently poolmap hash -q a > /dev/null
silently poolmap --test a.zst
refuses 2 "test is a command" poolmap test -r a
refuses 2 "test is a command" poolmap test a -fr
silently poolmap --test -r a.zst
rmdir hash test
# --report is an option, so that the command report has another.
printf '{"schema": "poolmap-report/2"}' > run.json
refuses 1 "another version" poolmap report run.json
touch report
refuses 2 "type ./report for the file, or --report-page for the command" poolmap report run.json
refuses 1 "another version" poolmap --report-page run.json
silently poolmap --report report -f a
grep -q '"poolmap-report/1"' report
