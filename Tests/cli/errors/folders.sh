# A folder as input, target or standard input is refused.
. "$CLI_LIB"
text 1000 > in
poolmap compress -q in
mkdir folder folder.zst out
for command in "compress folder" "compress -f folder" "compress -o new folder" "decompress folder.zst" \
    "decompress -o new folder.zst" "test folder" "hash folder" "list folder" "cat folder"; do
    # shellcheck disable=SC2086
    refuses 1 folder poolmap $command > stdout
done
refuses 1 in poolmap compress -o out in
refuses 1 out poolmap compress -f -o out in
refuses 1 out poolmap compress -f -o out/ in
refuses 1 out poolmap decompress -f -o out in.zst
refuses 1 "standard input" poolmap compress < folder > stdout
refuses 1 "standard input" poolmap decompress < folder > stdout
refuses 1 "standard input" poolmap hash < folder > stdout
only_files in in.zst folder folder.zst out stdout
