# Hashes that cannot be resumed are refused before reading; no other file is overwritten; runs cannot share a state.
. "$CLI_LIB"
echo content > in
for arguments in "in in" "-" "" "-r ." "-a sha256 in" "-a md5 -a blake3 in"; do
    # shellcheck disable=SC2086
    expect_exit 2 poolmap hash --resume state $arguments < /dev/null > stdout 2> said
    grep -q -- "--resume" said
    no_file state
done
mkfifo pipe
refuses 1 "not a regular file" poolmap hash --resume state pipe
refuses 1 "No such file" poolmap hash --resume state nothing
refuses 1 "no/state" poolmap hash --resume no/state in
only_files in pipe stdout said
echo precious > state
refuses 1 "state is not a state of poolmap hash" poolmap hash --resume state in
same_text precious "$(< state)"
silently poolmap hash -f --resume state in | cmp - <(b3sum in)
no_file state
refuses 1 "is both input and output" poolmap hash -f --resume in in
same_text content "$(< in)"
# A symbolic link is not followed.
echo other > other
ln -s other state
refuses 1 "state" poolmap hash -f --resume state in
same_text other "$(< other)"
rm state
# Another run holds the lock.
truncate -s 2G long
start poolmap hash --resume state long > digests
wait_until 20 test -s state
kill -STOP "$front"
refuses 1 "another run (process $front) is writing" poolmap hash --resume state long
kill -CONT "$front"
expect_exit 0 wait "$front"
cmp digests <(b3sum long)
no_file state
