# A file is never overwritten by its own result, under any name, and so never removed as the input of its own result.
. "$CLI_LIB"
text 100000 > original
cp original in
poolmap compress -q -o good.zst in
ln in hard
ln -s in soft
for target in in ./in "$PWD/in" hard soft; do
    for options in -f "-f --rm"; do
        # shellcheck disable=SC2086
        refuses 1 "in" poolmap compress $options -o "$target" in
        same_file original in "$options $target"
        same_file original hard "$options $target"
    done
done
cp good.zst in.zst
refuses 1 "in.zst" poolmap decompress -f --rm -o in.zst in.zst
same_file good.zst in.zst
# Given twice, by any path, the second has the first one's target.
rm in.zst
mkdir folder
for options in "" -f "-f -j 1"; do
    for second in in ./in "$PWD/in" folder/../in; do
        # shellcheck disable=SC2086
        refuses 1 "$second" poolmap compress $options in "$second"
        same_file good.zst in.zst
        [[ -n $options ]] || rm in.zst
    done
done
# Standard output is the input's own file.
cp original in
refuses 1 "in" poolmap compress -c in >> in
cmp -n 100000 original in
