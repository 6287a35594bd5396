# A target that exists, or appears during the run, is an error and stays; -f replaces either.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
real_data 4000000 > in
chmod 640 in
touch -d '2001-02-03 04:05:06.123456789 UTC' in
poolmap compress -q -19 --chunk-size 64K -o reference in
echo old > out
refuses 1 "in: out already exists" poolmap "${command[@]}" -o out in
only_files in reference out
same_text old "$(< out)"
# An interrupted run with -f leaves the old target, and then needs -f again.
start_slowly 5 -f -j 2
interrupt TERM 15
same_text old "$(< out)"
kept=$(records out)
refuses 1 "in: out already exists" poolmap "${command[@]}" -o out in
same_text old "$(< out)"
same_text "$kept" "$(records out)"
resumes "$kept" -f
same_text "$(stat -c '%a %y %U' in)" "$(stat -c '%a %y %U' out)"
# One that appears during the run.
rm out
start_slowly 5 -j 2
echo "someone else's" > out
wait_gone 20 "$front"
expect_exit 1 wait "$front"
one_error_line said "in: out already exists"
same_text "someone else's" "$(< out)"
rm out
resumes 46
same_text "$(stat -c '%a %y %U' in)" "$(stat -c '%a %y %U' out)"
# A journal without its partial file is useless: it is removed too.
interrupted() { start_slowly 5 -f -j 2 && interrupt KILL 9; }
interrupted
rm out.partial
refuses 1 "in: out already exists" poolmap "${command[@]}" -o out in
no_file out.resume
# Nothing but regular files.
rm out
mkdir out
refuses 1 "in: cannot write out: it is a directory" poolmap "${command[@]}" -o out in
rmdir out
mkfifo out
refuses 1 "in: cannot write out: --resume needs a regular file" poolmap "${command[@]}" -f -o out in
rm out
refuses 1 "in: is both input and output" poolmap "${command[@]}" -f -o in in
only_files in reference said stdout
