# --engine slurm with many files: each part processes its share, and the result is that of one machine.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
mkdir -p tree/a/b tree/c
for number in {1..40}; do text $((number * 700)) > "tree/a/$number" && noise $((number * 50)) "$number" > "tree/a/b/ $number"; done
cp -rp tree one
poolmap compress -q -r one
slurm_start cluster 2 4
engine="--engine slurm --parts 5"

silently poolmap compress $engine -r tree
diff -r one tree
silently poolmap test $engine -r tree
find tree -name '*.zst' > compressed
silently poolmap decompress $engine --files-from compressed --output-dir-mirror back
(cd tree && find . -type f ! -name '*.zst' | sort) > names
(cd back/tree && find . -type f | sort) | diff names -
(cd tree && find . -type f ! -name '*.zst' -print0 | xargs -0 sha256sum) > sums
(cd back/tree && sha256sum --quiet -c ../../sums)
only_files_here() { same_text "$(printf '%s\n' "$@" | sort)" "$(find . -mindepth 1 -maxdepth 1 -printf '%P\n' | sort)"; }
only_files_here back cluster compressed names one sums tree

# ---- The digests of all files are one target, which the join makes.
poolmap hash -r -o whole -a sha256 one tree
silently poolmap hash $engine -r -o sums.all -a sha256 one tree
cmp whole sums.all
poolmap hash -r -f --manifest -o whole tree
silently poolmap hash $engine -f --manifest -o sums.all -r tree
cmp whole sums.all
silently poolmap hash $engine -f -o sums.all --files-from compressed
poolmap hash --files-from compressed | cmp - sums.all
# Without -o the lines go to standard output, for one file or many.
silently poolmap hash $engine -a sha256 -r one tree > said
poolmap hash -a sha256 -r one tree | cmp - said
silently poolmap hash $engine --tag -o - tree/a/40 > said
poolmap hash --tag tree/a/40 | cmp - said
silently poolmap hash $engine --manifest tree/a/40 > said
poolmap hash --manifest tree/a/40 | cmp - said
refuses 2 "--detach requires -o FILE" poolmap hash $engine --detach tree/a/40
refuses 2 "the parts would be written into . and" poolmap hash $engine -r .
rm whole sums.all said
only_files_here back cluster compressed names one sums tree

# ---- All parts process large files together, which are then joined: beside the inputs, or in the output folder.
cp -rp tree large
find large -name '*.zst' -delete
text 3000000 > large/c/3M
noise 2000000 5 > large/2M
cp -rp large large.one
poolmap compress -q -r --chunk-size 128K large.one
silently poolmap compress $engine --split 1M --chunk-size 128K -r large
diff -r large.one large >&2
silently poolmap test $engine --split 500K -r large
find large -type f ! -name '*.zst' -delete
silently poolmap decompress $engine --split 500K -r --output-dir out large
cmp out/large/c/3M large.one/c/3M
cmp out/large/2M large.one/2M
same_text 82 "$(find out -type f | wc -l)"
refuses 2 "--engine with --split requires -r and directories" poolmap compress $engine --split 1M large/2M large/c/3M
refuses 2 "--engine with --split requires -r and directories" poolmap compress $engine --split 1M --files-from names
rm -r large large.one out
only_files_here back cluster compressed names one sums tree

# ---- A list of names. Targets go beside the inputs.
find tree -name '*.zst' -delete
find tree/a/b -type f > list
silently poolmap compress $engine --files-from list
same_text 40 "$(find tree -type f -name '*.zst' | wc -l)"
refuses 2 "--engine with --rm requires -r and directories" poolmap compress $engine --rm --files-from list
find tree -name '*.zst' -delete
silently poolmap compress $engine --rm -r tree
same_text 80 "$(find tree -type f -name '*.zst' | wc -l)"
same_text 80 "$(find tree -type f | wc -l)"

# ---- Notes that belong to no job are ignored.
mkdir tree.test.engine
for part in 1 2 3 4 5; do echo "0 1 node1" > tree.test.engine/part-$part.exit; done
poolmap test $engine -v -r tree 2> said
same_text 5 "$(grep -c '^part [1-5] of 5: done on node[12]$' said)"

# ---- A damaged file: its part fails, the others are done; once it is repaired the same line does the rest.
cp tree/a/9.zst kept
printf x >> tree/a/9.zst
expect_exit 1 poolmap test $engine --engine-retries 0 -r tree 2> said
one_error_line said "of 5 failed on node" "with exit code 1; see tree.test.engine/part-" ".log: tree/a/9.zst: "
cp -p kept tree/a/9.zst
expect_exit 0 poolmap test -v $engine -r tree 2> said
grep -q '^continuing with job [0-9]*, 4 of 5 parts done$' said
only_files_here back cluster compressed kept list names one said sums tree
slurm_stop
