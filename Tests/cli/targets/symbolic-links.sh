# Symbolic links are skipped with a note each, unless -f or -c is given; in trees they are skipped silently; loops end.
. "$CLI_LIB"
mkdir -p tree/inner
text 1000 > file
text 2000 > tree/inner/inside
ln -s file link
ln -s ../file tree/to-file
ln -s none dangling
ln -s tree to-tree
ln -s .. tree/inner/up
ln -s inner tree/round
# Only links: a note for each, and it is a failure.
code=0
poolmap compress link dangling 2> said || code=$?
((code == 1))
(($(wc -l < said) == 2)) || fail "$(< said)"
grep -q '^poolmap: link: .*symbolic link' said
grep -q '^poolmap: dangling: .*symbolic link' said
no_file link.zst dangling.zst
# Among other inputs they are not a failure, and -q silences the notes.
silently poolmap compress -q link file dangling
zstd -q -dc file.zst | cmp - file
no_file link.zst
refuses 1 "none: " poolmap compress -q link none
refuses 1 "symbolic links" poolmap compress -q link
for command in compress decompress test; do
    refuses 1 "link: " poolmap $command link
done
silently poolmap hash -a sha256 link | cmp - <(sha256sum link)
# In a tree they are skipped silently; a link to a folder is not entered.
silently poolmap compress -r tree
same_text tree/inner/inside.zst "$(find tree/ -name '*.zst')"
refuses 1 "to-tree: " poolmap compress -r to-tree --output-dir linked
# With -f all are followed; a loop ends where it returns to itself.
rm tree/inner/inside.zst
silently poolmap compress -f -j 2 -r tree to-tree --output-dir linked
(cd linked && find . -type f -printf '%P\n' | sort) > made
for root in to-tree tree; do
    printf '%s\n' $root/{inner/inside,round/inside,to-file}.zst
done | sort | diff - made
zstd -q -dc linked/to-tree/round/inside.zst | cmp - tree/inner/inside
refuses 1 "dangling: No such file" poolmap compress -f dangling
# To standard output links are followed too.
poolmap compress -c link | zstd -q -dc | cmp - file
poolmap compress -c -r tree | zstd -q -dc | cmp - <(cat tree/inner/inside tree/inner/inside file)
poolmap compress -o - link | zstd -q -dc | cmp - file
