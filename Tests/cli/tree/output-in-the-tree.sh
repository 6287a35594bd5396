# A result that would be written into its own tree is an error; one that cannot be written is reported once.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
mkdir -p tree/folder
echo a > tree/a
ln -s tree/folder link
for jobs in 1 2; do
    for place in tree tree/folder link "$PWD/tree"; do
        refuses 1 "would contain the output of" poolmap hash --tree -j "$jobs" -o "$place/sums" tree
        no_file "$place/sums"
    done
    (cd tree && refuses 1 "would contain the output of" poolmap hash --tree --list -o sums .)
    refuses 1 "is both input and output" poolmap hash --tree -j "$jobs" tree > tree/sums
    same_text "" "$(< tree/sums)"
    refuses 1 "tree/sums: is both input and output" poolmap hash --tree --list -j "$jobs" tree >> tree/sums
    rm tree/sums
    # By another name of the file.
    ln tree/a hard
    ln -s tree/a soft
    for name in hard soft; do
        refuses 1 "tree/a: is both input and output" poolmap hash --tree -j "$jobs" -f -o $name tree
        same_text a "$(< tree/a)"
        rm $name
    done
    # Beside the tree it works.
    silently poolmap hash --tree -j "$jobs" -f -o sums tree
    silently poolmap hash --tree -j "$jobs" tree > stdout
    same_file sums stdout
done
mkdir many
perl -e 'symlink $_, "many/link-$_" for 1 .. 3000'
for options in --list ""; do
    # shellcheck disable=SC2086
    refuses 1 "No space left" poolmap hash --tree $options many > /dev/full
done
# The reader has gone: no message, and ended as by the signal.
{ expect_exit 141 poolmap hash --tree --list many 2> errors; } | head -n 1 > first
same_text "poolmap tree 1 blake3" "$(< first)"
[[ ! -s errors ]]
