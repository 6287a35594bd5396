# Each unreadable entry is an error line; its folder gets no digest, the others get theirs, and the exit code is 1.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
mkdir -p good bad/closed bad/z better
echo good > good/file
echo bad | tee bad/a bad/closed/hidden bad/n bad/z/z > /dev/null
chmod 755 . good bad better
chmod 000 bad/n bad/closed
for jobs in 1 2; do
    expect_exit 1 as_user poolmap hash --tree -j "$jobs" good bad better > sums 2> errors
    poolmap hash --tree good better | cmp - sums
    printf 'poolmap: bad/%s: Permission denied\n' 'closed/: cannot read the directory' n | cmp - errors
    # The list is complete up to there.
    expect_exit 1 as_user poolmap hash --tree --list -a md5 -j "$jobs" bad > list 2> errors
    printf '%s\n' 'poolmap tree 1 md5' 'd 0755 - .' "f 0644 $(md5sum < bad/a | cut -c1-32) a" 'd 0000 - closed' |
        cmp - list
    (($(wc -l < errors) == 2))
    # No file is made, and an old one is not replaced.
    rm -rf out
    mkdir -m 777 out
    expect_exit 1 as_user poolmap hash --tree -j "$jobs" -o out/sums good bad 2> errors
    no_file out/sums
    echo old > out/sums
    chmod 666 out/sums
    expect_exit 1 as_user poolmap hash --tree --list -j "$jobs" -f -o out/sums bad 2> errors
    same_text old "$(< out/sums)"
done
# The folder itself.
chmod 000 better
refuses 1 better as_user poolmap hash --tree better good > sums
poolmap hash --tree good | cmp - sums
# A name that is not a folder, or does not exist.
ln -s nothing dangling
mkfifo pipe
for path in good/file good/file/ pipe nothing dangling ""; do
    refuses 1 "${path%/}" poolmap hash --tree good "$path" > sums
    poolmap hash --tree good | cmp - sums
done
# A path longer than the system allows.
mkdir long
name=$(printf 'x%.0s' {1..250})
(cd long && for _ in {1..17}; do mkdir "$name" && cd "$name" || exit; done)
refuses 1 "File name too long" poolmap hash --tree long
