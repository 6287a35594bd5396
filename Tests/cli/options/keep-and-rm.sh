# The input is kept; --rm removes it, but only once its output is complete.
. "$CLI_LIB"
text 5000 > in
cp in original
silently poolmap compress in
silently poolmap compress -f -k in
silently poolmap compress -f --keep in
same_file original in
silently poolmap compress -f --rm in
no_file in
silently poolmap decompress in.zst
same_file original in
rm in
silently poolmap decompress --rm in.zst
same_file original in
no_file in.zst
silently poolmap --rm -o named.zst in
no_file in
silently poolmap -d --rm -o in named.zst
only_files in original
# An input that failed is kept.
poolmap compress -q in
patch in.zst 60 1 2 3
rm in
refuses 1 "in.zst" poolmap decompress --rm in.zst
only_files in.zst original
# Standard input has no name to remove.
silently poolmap compress --rm -o piped.zst < original
only_files in.zst original piped.zst
