# --output-dir keeps the tree of a folder, is made if missing, and refuses two files of one name.
. "$CLI_LIB"
mkdir -p top/tree/inner/deep top/other
text 100 > top/tree/a
text 200 > top/tree/inner/b
text 300000 > top/tree/inner/deep/c
text 400 > top/other/a
text 500 > single
names_in() { (cd "$1" && find . -type f -printf '%P\n' | sort); }
tree_names=$'a.zst\ninner/b.zst\ninner/deep/c.zst'
# The folder's last component, however it is spelled; for a file only its last component.
for spelling in top/tree top/tree/ ./top//tree "$PWD/top/tree/" top/../top/tree; do
    silently poolmap compress -j 2 --chunk-size 64K -r "$spelling" single --output-dir new/er/out
    same_text "$(printf '%s\n' single.zst; sed 's:^:tree/:' <<< "$tree_names")" "$(names_in new/er/out | sort)"
    zstd -q -dc new/er/out/tree/inner/deep/c.zst | cmp - top/tree/inner/deep/c
    rm -r new
done
# "." and ".." have no name: their contents go into the folder itself.
(cd top/tree && silently poolmap compress -r . --output-dir ../../out)
same_text "$tree_names" "$(names_in out)"
(cd top/tree/inner && silently poolmap compress -r .. --output-dir ../../../out2/)
same_text "$tree_names" "$(names_in out2)"
(cd top/tree && silently poolmap compress -r inner/.. --output-dir ../../out3)
same_text "$tree_names" "$(names_in out3)"
silently poolmap decompress -r out3 --output-dir back
diff -r top/tree back/out3
# The folder may be in the tree: files made there are not inputs.
(cd top/tree && silently poolmap compress -j 2 -r . --output-dir made && silently poolmap compress -f -r . --output-dir made)
same_text "$tree_names" "$(names_in top/tree/made)"
rm -r top/tree/made
# Two files with the same last component: the second is refused, and the first is done.
refuses 1 "top/other/a: " poolmap compress top/tree/a top/other/a --output-dir both
zstd -q -dc both/a.zst | cmp - top/tree/a
refuses 1 "top/tree/a: " poolmap compress -f -j 2 top/other/a top/tree/a --output-dir both
zstd -q -dc both/a.zst | cmp - top/other/a
mkdir -p second/tree
text 900 > second/tree/a
refuses 1 "second/tree/a: " poolmap compress -r top/tree second/tree --output-dir twice
zstd -q -dc twice/tree/a.zst | cmp - top/tree/a
# Nothing is made beside the inputs.
same_text "" "$(find top second single* -name '*.zst')"
# No folder can be made there.
refuses 1 "single: " poolmap compress single --output-dir single/below
chmod 777 .
mkdir closed
refuses 1 "single: " as_user poolmap compress single --output-dir closed/new
refuses 2 "" poolmap compress single --output-dir x -o y
refuses 2 "" poolmap compress single --output-dir x -c
no_file x y closed/new
# A damaged input gets no target, and the others do.
cp single out/inner/b.zst
refuses 1 "out/inner/b.zst: " poolmap decompress -r out --output-dir partly
same_text $'out/a\nout/inner/deep/c' "$(names_in partly)"
