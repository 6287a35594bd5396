# Spaces, line breaks, dashes, backslashes, quotes, invalid UTF-8 and 255 bytes work in names, however they are given.
. "$CLI_LIB"
mkdir in
long=$(printf 'l%.0s' {1..251})
names=("a b" $'line\nbreak' $'tab\tcr\r' "-leading" "--rm" "back\\slash" "quo\"te'd" $'no\xff\xfeutf8' $'umlaut \xc3\xa4' "$long" "*" '$x' "-" $'\U10ffff' $'\xcc\x81a mark that joins the slash')
# A lone dash is standard input, and a file of that name is ./-.
arguments=("${names[@]}")
arguments[12]=./-
number=0
for name in "${names[@]}"; do
    number=$((number + 1))
    text $((number * 100)) > "in/$name"
done
check() {
    local name
    for name in "${names[@]}"; do
        zstd -q -dc < "$1/$name.zst" | cmp - "in/$name" || fail "$name"
    done
    (($(find "$1" -name '*.zst' -printf x | wc -c) == ${#names[@]})) || fail "$1 has other files"
    find "$1" -name '*.zst' -delete
}
silently poolmap compress -j 2 -r in
check in
silently poolmap compress -j 2 -r in --output-dir tree
check tree/in
find in -type f -print0 | poolmap compress -j 2 -0 --files-from - --output-dir out
check out
(
    cd in
    silently poolmap compress -j 2 --output-dir ../out -- "${arguments[@]}"
)
check out
(cd in && printf '%s\n' "${arguments[@]}" | grep -v -e line -e break > ../lines)
(cd in && silently poolmap compress --files-from ../lines --output-dir ../out)
(cd in && silently poolmap compress --output-dir ../out $'line\nbreak')
check out
# Errors are one line each, whatever the name; digests are as in coreutils.
mkdir -p damaged
for name in "${names[@]}"; do text 50 > "damaged/${name:0:251}.zst"; done
code=0
poolmap test -j 2 -r damaged 2> said || code=$?
((code == 1))
(($(wc -l < said) == ${#names[@]}))
(($(grep -c '^poolmap: damaged/' said) == ${#names[@]}))
grep -Fq 'damaged/line\nbreak.zst: ' said
grep -Fq 'damaged/no\xFF\xFEutf8.zst: ' said
(cd in && poolmap hash -a sha256 -- "${arguments[@]}" | cmp - <(sha256sum -- "${arguments[@]}"))
# A target whose name would be too long.
text 10 > "in/${long}1234"
refuses 1 "File name too long" poolmap compress "in/${long}1234"
silently poolmap compress -o short.zst "in/${long}1234"
