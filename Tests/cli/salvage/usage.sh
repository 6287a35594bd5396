# --salvage needs a regular file, and compatible options.
. "$CLI_LIB"
text 1000 > in
poolmap compress -q in
refuses 1 "standard input: --salvage needs a regular file; save" poolmap decompress --salvage -o out < <(cat in.zst)
mkfifo pipe
exec 3<> pipe
cat in.zst >&3
refuses 1 "pipe: --salvage needs a regular file" poolmap decompress --salvage -o out pipe
exec 3>&-
refuses 2 "--omit requires --salvage" poolmap decompress --omit -f in.zst
refuses 2 "--salvage cannot be combined with --rm" poolmap -d --salvage --rm -f in.zst
refuses 2 "" poolmap compress --salvage in
only_files in in.zst pipe
echo old > out
refuses 1 "out already exists" poolmap decompress --salvage -o out in.zst
same_text old "$(< out)"
# One of several inputs is damaged: the others are restored, silently.
cp in.zst other.zst
cp in.zst bad.zst
patch bad.zst 100 1 2 3
expect_exit 1 poolmap decompress --salvage -q other.zst bad.zst in.zst -f 2> said
one_error_line said "bad.zst: "
same_file in other
