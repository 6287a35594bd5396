# No option's file may be an input, a target, a list or another option's file: nothing is read, written or removed.
. "$CLI_LIB"
text 3000 > in
cp in kept.in
poolmap compress -q -o kept.zst in
poolmap hash -a sha256 in > kept.list
poolmap hash --manifest -o kept.manifest in
lay_out() {
    rm -rf ./* .p* 2> /dev/null || true
    cp "$CLI_NOTES"/kept.* .
    cp kept.in in
    cp kept.list list
    cp kept.manifest manifest
    echo in > names
    touch -d 2001-02-03 in list manifest names
}
cp kept.* "$CLI_NOTES"
state() { find . -mindepth 1 -printf '%P %s %T@\n' | sort; }
# nothing_by PART COMMAND…: it is refused before anything is done.
nothing_by() {
    local before name
    before=$(state)
    refuses 1 "$@" < in > "$CLI_NOTES/stdout"
    same_text "$before" "$(state)"
    [[ ! -s $CLI_NOTES/stdout ]] || fail "standard output has something: $*"
    for name in in list manifest; do
        same_file "$name" "kept.${name/#in*/in}"
    done
}
lay_out
mkdir sub
ln in hard
ln -s in soft
ln -s . folder
for option in --report --trace --depfile; do
    # An input, by any name; and a target that exists or not.
    for name in in ./in sub/../in "$PWD/in" folder/in hard soft; do
        nothing_by "in: is both input and output: $option" poolmap compress --rm $option "$name" in
        nothing_by "in: is both input and output: $option" poolmap compress -f -o out $option "$name" in
        nothing_by "in: is both input and output: $option" poolmap compress kept.list in $option "$name"
    done
    for name in in.zst ./in.zst folder/in.zst; do
        nothing_by "in: its target in.zst is what $option writes" poolmap compress --rm $option "$name" in
        nothing_by "in: its target in.zst is what $option writes" poolmap compress --rm kept.in in $option "$name"
    done
    nothing_by "its target out is what $option writes" poolmap compress $option ./out -o out in
    nothing_by "standard input: its target out is what $option writes" poolmap compress $option ./out -o out
    nothing_by "kept.zst: its target kept is what $option writes" poolmap decompress --rm $option kept kept.zst
    nothing_by "the same file" poolmap compress $option names --files-from ./names
    nothing_by "$option out.partial and --resume" poolmap compress --resume -o out $option out.partial in
    nothing_by "$option out.resume and --resume" poolmap compress --resume -o out $option out.resume in
done
nothing_by "its target out/in.zst is what --depfile writes" poolmap compress --output-dir out --depfile out/in.zst in
nothing_by "--report r and --trace ./r are the same file" poolmap compress --report r --trace ./r in
nothing_by "--report r and --depfile folder/r are the same file" poolmap compress --report r --depfile folder/r in
: > old
ln old old2
nothing_by "--report old and --trace old2 are the same file" poolmap compress --report old --trace old2 in
refuses 2 "--report and --trace must be different files" poolmap compress --report r --trace r in
# Commands that only read.
for option in --report --trace; do
    nothing_by "kept.zst: is both" poolmap test $option folder/kept.zst kept.zst
    nothing_by "kept.zst: is both" poolmap cat $option ./kept.zst kept.zst
    nothing_by "in: is both" poolmap hash $option hard kept.in in
    nothing_by "standard input: is both" poolmap test $option in
    nothing_by "in: is both" poolmap hash --manifest $option in in
    nothing_by "$option list and --check list are the same file" poolmap hash --check $option list list
    nothing_by "$option list and --check ./list are the same file" poolmap hash --check $option list kept.list ./list
    nothing_by "$option manifest and --check manifest are the same file" poolmap hash --check $option manifest manifest
    nothing_by "$option names and --files-from names are the same file" poolmap hash $option names --files-from names
    nothing_by "$option out and -o out are the same file" poolmap hash $option out -o out in
    nothing_by "$option st and --resume ./st are the same file" poolmap hash $option st --resume ./st in
done
nothing_by "-o st and --resume st are the same file" poolmap hash -f --resume st -o st in
nothing_by "in: is both input and output: --resume" poolmap hash -f --resume hard in
nothing_by "in: is both input and output: -o" poolmap hash -f -o in kept.in in
nothing_by "-o names and --files-from names are the same file" poolmap hash -f -o names --files-from names
nothing_by "in: is both input and output: standard output" sh -c "poolmap compress -c in >> in"
# Names that come later: the conflicting one is skipped and unchanged, and the others are done.
lay_out
mkdir tree
for name in a b r; do cp in tree/$name; done
for option in --report --trace --depfile; do
    for path in tree/r link/r hard soft; do
        ln -sfn tree link
        ln -f tree/r hard
        ln -sf tree/r soft
        refuses 1 "tree/r: is both input and output: $option" poolmap compress -r $option $path --rm tree
        same_text "a.zst b.zst r" "$(ls tree | xargs)"
        same_file kept.in tree/r
        same_file kept.in hard
        rm tree/*.zst
        cp in tree/a
        cp in tree/b
    done
    refuses 1 "tree/a: its target tree/a.zst is what $option writes" poolmap compress -r $option tree/a.zst tree
    zstd -q -dc tree/b.zst | cmp - kept.in
    [[ $option == --depfile ]] || python3 -m json.tool tree/a.zst > json
    rm tree/*.zst
    printf '%s\n' tree/a tree/b in > names
    refuses 1 "in: is both input and output: $option" poolmap compress $option in --files-from names
    same_file kept.in in
    rm tree/*.zst
done
for option in --report --trace; do
    refuses 1 "tree/a: is both" poolmap hash -a sha256 -r $option tree/a tree > sums
    sha256sum tree/b tree/r | cmp - sums
    same_file kept.in tree/a
    code=0
    poolmap hash --check $option in list > said 2> errors || code=$?
    ((code == 1))
    same_text "in: FAILED open or read" "$(< said)"
    grep -q "^poolmap: in: is both input and output: $option" errors
    refuses 1 "in: is both" poolmap hash --check $option in manifest > said
    same_file kept.in in
    # The digest of a tree would change if such a file were in it.
    refuses 1 "would contain the output of" poolmap hash --tree $option tree/new tree
    rm -f tree/new
    ln -f tree/a hard
    refuses 1 "tree/a: is both" poolmap hash --tree $option hard tree
    same_file kept.in tree/a
done
# An existing target that is a hard link to another input.
mkdir links
text 100 > links/a
text 200 > links/b
ln links/b links/a.zst
refuses 1 "links/a: its target links/a.zst is another input" poolmap compress -f links/b links/a
# Anything but regular files may be used several times.
silently poolmap compress -c in --report /dev/null --trace /dev/../dev/null > /dev/null
mkfifo pipe
cat pipe > got &
silently poolmap hash --report pipe --trace trace in > sums
wait $!
python3 -m json.tool got > json
ln -s /dev/null one
ln -s /dev/null two
silently poolmap hash --report one --trace two in > sums
