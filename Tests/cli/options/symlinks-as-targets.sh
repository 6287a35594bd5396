# A symbolic link as target counts as existing; with -f the link is replaced, and what it led to stays.
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
# A link as input is followed.
ln -s in to-in
silently poolmap compress to-in
zstd -q -dc to-in.zst | cmp - in
