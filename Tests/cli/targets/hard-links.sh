# Each name of a file is a separate input; removing one leaves the others.
. "$CLI_LIB"
text 1000 > a
ln a b
noise 300000 > large
ln large large2
silently poolmap compress -j 2 --rm --chunk-size 64K a large
no_file a large
[[ -e b && -e large2 ]]
ln b a
ln large2 large
rm ./*.zst
silently poolmap compress -j 2 --rm --chunk-size 64K a b large large2
only_files a.zst b.zst large.zst large2.zst
same_file a.zst b.zst
same_file large.zst large2.zst
# A target that is another name of its input is both input and output, which neither -f nor --if-changed permits.
text 500 > one
ln one one.zst
for options in "" -f --if-changed "-f --rm"; do
    # shellcheck disable=SC2086
    refuses 1 "one: is both input and output" poolmap compress $options one
    same_file one <(text 500)
done
refuses 1 "one: is both input and output" poolmap compress -f -j 2 one large.zst
same_file one <(text 500)
# An old target with two names loses one of them, and the other keeps the old content.
text 700 > two
echo old > two.zst
ln two.zst kept
silently poolmap compress -f two
same_text old "$(< kept)"
zstd -q -dc two.zst | cmp - two
