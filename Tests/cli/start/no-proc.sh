# In a root folder that contains only the program, without /proc and /dev, all commands work as usual.
. "$CLI_LIB"
mkdir -p bare/tree/sub
cp "$POOLMAP" bare/poolmap
real_data 3000000 > bare/large
text 5000 > bare/tree/one
text 70000 > bare/tree/sub/two
poolmap compress -q --chunk-size 256K -o reference.zst bare/large

# bare ARGUMENT…: runs the program in that root; a user other than root gets it in a user namespace.
if [[ $(id -u) == 0 ]]; then
    bare() { chroot bare /poolmap "$@"; }
else
    bare() { unshare -r chroot bare /poolmap "$@"; }
fi

[[ $(bare --version) == "$(poolmap --version)" ]] || fail "--version says something else"
bare help compress > said
poolmap help compress | cmp - said
silently bare compress -j 3 --chunk-size 256K -o large.zst large
same_file reference.zst bare/large.zst
silently bare compress -j 3 --chunk-size 256K < bare/large > piped.zst
same_file reference.zst piped.zst
silently bare decompress -j 3 -o restored large.zst
same_file bare/large bare/restored
silently bare decompress -c -j 3 large.zst > restored
same_file bare/large restored
silently bare test -j 3 large.zst
silently bare cat --offset 1000000 --length 50000 large.zst > range
part bare/large 1000000 50000 | cmp - range
[[ $(bare list --json large.zst) == "$(cd bare && poolmap list --json large.zst)" ]] || fail "list is different"
silently bare -r tree
silently bare test -r tree
silently bare decompress -f tree/one.zst tree/sub/two.zst
silently bare hash -a sha256 -r -j 3 large tree > sums
(cd bare && sha256sum --quiet -c ../sums)
cp sums bare/sums
silently bare hash --check --quiet -j 3 sums
silently bare hash --tree tree > tree-digest
(cd bare && poolmap hash --tree tree) | cmp - tree-digest
silently bare compress --resume --chunk-size 256K -f -o large.zst large
same_file reference.zst bare/large.zst

# Arguments still count: errors are errors.
echo 0 >> bare/tree/one
expect_exit 1 bare hash --check sums > /dev/null 2> errors
refuses 1 "nowhere: " bare compress nowhere
refuses 2 "--jobs" bare compress -j 5000 large
