# Without a file, or with -, standard input is read, and its result goes to standard output unless -o is given.
. "$CLI_LIB"
text 3000 > in
poolmap compress -q -o reference.zst in
cat in | silently poolmap | cmp - reference.zst
cat in | silently poolmap - | cmp - reference.zst
cat in | silently poolmap compress | cmp - reference.zst
cat in | silently poolmap compress - | cmp - reference.zst
cat in | silently poolmap compress -c - | cmp - reference.zst
cat in | silently poolmap -o named.zst
same_file reference.zst named.zst
cat in | silently poolmap -o - | cmp - reference.zst
silently poolmap -o - in | cmp - reference.zst
cat reference.zst | silently poolmap -d -o named
same_file in named
cat in | poolmap - in -c | poolmap -d | cmp - <(cat in in)
silently poolmap < /dev/null | zstd -d | cmp - /dev/null
only_files in reference.zst named.zst named
