# Lists of names may be slow, empty, missing or malformed; each mistake is one line.
. "$CLI_LIB"
text 1000 > one
text 2000 > two
sha256sum one two > expected
# Blank lines are ignored, and the last line needs no line end.
printf '\n\none\n\ntwo' > list
silently poolmap hash -a sha256 --files-from list | cmp - expected
printf 'one\0two\0' | poolmap hash -a sha256 -0 --files-from - | cmp - expected
printf 'one\0two' | poolmap hash -a sha256 -0 --files-from - | cmp - expected
# Two lists, in their order; a name of 255 bytes in one of them.
long=$(printf 'n%.0s' {1..255})
text 300 > "$long"
printf '%s\n' "$long" > other
silently poolmap hash -a sha256 --files-from other --files-from list | cmp - <(sha256sum "$long" one two)
# Files from a slow writer are processed while it still writes.
mkfifo slow
exec 4<> slow
start poolmap compress -j 2 --files-from slow 4>&-
exec 5> slow
echo one >&5
wait_until 20 test -e one.zst
# poolmap reads now: no write can fail for lack of a reader.
exec 4>&-
is_running "$front"
printf 'tw' >&5
sleep 0.05
no_file two.zst tw.zst
echo o >&5
wait_until 20 test -e two.zst
exec 5>&-
expect_end 0 "$front"
# Nothing to do is not a failure, and standard input is not read instead.
: > empty
silently poolmap compress --files-from empty < /dev/null > out
[[ ! -s out ]]
silently poolmap test -r --files-from empty < one
mkdir folder
silently poolmap hash -a sha256 -r folder < one > out
[[ ! -s out ]]
refuses 1 "none: No such file" poolmap compress --files-from none
refuses 1 "folder: " poolmap compress --files-from folder
echo two > other-list
# An unreadable list does not affect the others.
refuses 1 "none: " poolmap compress -f --files-from none one --files-from other-list
zstd -q -dc one.zst two.zst | cmp - <(cat one two)
# A NUL in a list of lines, an empty name in a list of NULs.
printf 'one\ntw\0o\ntwo\n' > list
poolmap hash -a sha256 --files-from list > out 2> said && fail "a NUL in a name was accepted"
one_error_line said "list: " NUL -0
same_file out expected
printf 'one\0\0two\0' > list
poolmap hash -a sha256 -0 --files-from list > out 2> said && fail "an empty name was accepted"
one_error_line said "list: " "empty name"
same_file out expected
# A file that is not a list is reported as such.
head -c 300000 /dev/zero | tr '\0' x > list
refuses 1 "list: " poolmap hash -a sha256 --files-from list
# A name that does not exist, in the order of the list.
printf 'one\nnone\ntwo\n' | poolmap hash -a sha256 --files-from - > out 2> said && fail "a missing file was not an error"
one_error_line said "none: No such file"
same_file out expected
# A folder in a list needs -r.
cp one folder
refuses 1 "folder: " poolmap hash -a sha256 --files-from <(echo folder)
silently poolmap hash -a sha256 -r --files-from <(echo folder) | cmp - <(sha256sum folder/one)
refuses 2 "" poolmap hash -a sha256 -0 one
refuses 2 "" poolmap hash -a sha256 --files-from - -
