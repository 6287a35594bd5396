# The file of -o appears once all inputs are hashed; an old one stays without -f or after an error.
. "$CLI_LIB"
echo a > a
echo b > b
for jobs in 1 2; do
    silently poolmap hash -a sha256 -j "$jobs" -o sums a b > stdout
    [[ ! -s stdout ]] || fail "standard output has something"
    sha256sum a b | cmp - sums
    rm sums
done
silently poolmap hash a -a md5 --output=sums b
md5sum a b | cmp - sums
# The umask applies, as to a file made by a shell.
same_text 644 "$(umask 022 && poolmap hash -a sha256 -f -o sums a && stat -c %a sums)"
# The file exists already.
refuses 1 sums poolmap hash -a sha256 -o sums b
sha256sum a | cmp - sums
silently poolmap hash -a sha256 -f -o sums b
sha256sum b | cmp - sums
# An input fails: there is no new file, and an old one stays.
refuses 1 nothing poolmap hash -a sha256 -o new a nothing b
no_file new
refuses 1 nothing poolmap hash -a sha256 -f -o sums a nothing
sha256sum b | cmp - sums
# An input is never overwritten, whatever its name.
ln a link
ln -s a symlink
for name in a ./a link symlink; do
    refuses 1 "is both input and output" poolmap hash -a sha256 -f -o "$name" b a
    same_text a "$(< a)"
done
refuses 1 "is both input and output" poolmap hash -a sha256 -f -o a < a
# A missing folder, and a folder.
refuses 1 no/such poolmap hash -a sha256 -o no/such a
mkdir folder
refuses 1 folder poolmap hash -a sha256 -f -o folder a
# Anything but a regular file is written in place; - is standard output.
silently poolmap hash -a sha256 -o /dev/stdout a | cmp - <(sha256sum a)
silently poolmap hash -a sha256 -o - a | cmp - <(sha256sum a)
rm sums
only_files a b folder link symlink stdout
