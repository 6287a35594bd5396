# The list of a tree with every kind of entry is as docs/tree.md says, and the digest is that of the list.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
lay_out_tree tree
for algorithm in sha256 sha512 sha1 md5 blake3; do
    reference "$algorithm" tree > expected
    digest=$(digest_of "$algorithm" < expected)
    for jobs in 1 2 3; do
        silently poolmap hash --tree --list -a "$algorithm" -j "$jobs" tree > list
        same_file expected list "$algorithm, $jobs workers"
        same_text "$digest  tree" "$(silently poolmap hash --tree -a "$algorithm" -j "$jobs" tree)"
    done
done
# The default.
silently poolmap hash tree --tree --list | cmp - expected
# Other tools agree.
(($(wc -l < expected) > 110)) || fail "the tree has too few entries"
for letter in f d l p s; do
    grep -q "^$letter " expected
done
if ((EUID == 0)) && [[ -e tree/null ]]; then
    grep -q '^b 0600 259:70000 large-minor$' expected
fi
