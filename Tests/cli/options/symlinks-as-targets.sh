# A symbolic link as target counts as existing; with -f the link is replaced, and the file that it led to stays.
. "$CLI_LIB"
text 5000 > in
echo precious > precious
ln -s precious link
refuses 1 "link" poolmap compress -o link in
silently poolmap compress -f -o link in
same_text precious "$(< precious)"
zstd -q -dc < link | cmp - in
ln -s nowhere dangling
refuses 1 "dangling" poolmap compress -o dangling in
no_file nowhere
[[ -L dangling ]]
# A link as input is followed with -f, or if nothing is made beside it; otherwise a note says that it is not.
ln -s in to-in
refuses 1 "to-in" poolmap compress to-in
no_file to-in.zst
poolmap compress -c to-in | zstd -q -dc | cmp - in
silently poolmap compress -f to-in
zstd -q -dc to-in.zst | cmp - in
rm to-in.zst
# It is not a failure if there is something else to do.
poolmap compress to-in precious 2> said
one_error_line said "to-in"
no_file to-in.zst
zstd -q -dc precious.zst | cmp - precious
ln -s precious.zst link.zst
refuses 1 "link.zst" poolmap test link.zst
silently poolmap test -f link.zst
silently poolmap test -q precious.zst link.zst
