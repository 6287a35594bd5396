# The digest of a tree is written like that of a file, with its own tag; the name is the folder as given.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
mkdir tree $'odd\n\\' other
echo a > tree/a
one=$(reference blake3 tree | b3sum | cut -d' ' -f1)
empty=$(reference blake3 other | b3sum | cut -d' ' -f1)
hash() { silently poolmap hash --tree "$@"; }
same_text "$one  tree" "$(hash tree)"
same_text "$one" "$(hash --no-names tree)"
same_text "TREE-BLAKE3 (tree) = $one" "$(hash --tag tree)"
same_text "TREE-SHA256 (tree) = $(reference sha256 tree | digest_of sha256)" "$(hash --tag -a sha256 tree)"
hash -z tree | cmp - <(printf '%s  tree\0' "$one")
# In the order of the arguments, even if one is repeated.
hash tree other tree/ > sums
printf '%s\n' "$one  tree" "$empty  other" "$one  tree/" | cmp - sums
same_text "\\$empty  odd\\n\\\\" "$(hash $'odd\n\\')"
hash -z $'odd\n\\' | cmp - <(printf '%s  odd\n\\\0' "$empty")
# To a file.
hash -o sums.b3 tree > stdout
[[ ! -s stdout ]]
same_text "$one  tree" "$(< sums.b3)"
refuses 1 sums.b3 poolmap hash --tree -o sums.b3 other
hash -f --list -o sums.b3 tree
reference blake3 tree | cmp - sums.b3
# A folder may be named like standard input.
mkdir ./-
same_text "$empty  ./-" "$(hash ./-)"
