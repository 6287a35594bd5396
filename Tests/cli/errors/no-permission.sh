# An unreadable input and a folder without write permission are refused, and nothing is left.
. "$CLI_LIB"
chmod 777 .
text 1000 > in
poolmap compress -q in
cp in secret
cp in.zst secret.zst
chmod 000 secret secret.zst
mkdir closed locked
cp in in.zst closed
chmod 555 closed
chmod 000 locked
for jobs in 1 2; do
    for command in "compress secret" "compress -o new secret" "decompress -o new secret.zst" "test secret.zst" \
        "hash secret" "list secret.zst" "cat secret.zst"; do
        # shellcheck disable=SC2086
        refuses 1 secret as_user poolmap $command > stdout
    done
    refuses 1 closed/in as_user poolmap compress closed/in -f
    refuses 1 closed/new as_user poolmap compress -o closed/new in
    refuses 1 closed/new as_user poolmap decompress -o closed/new in.zst
    refuses 1 locked/in as_user poolmap compress locked/in
    refuses 1 in as_user poolmap compress -o locked/new in
done
# An input that can be read but not removed: the output exists, and the failure to remove the input is an error.
mkdir sticky
chmod 1777 sticky
cp in sticky
if ((EUID == 0)); then
    refuses 1 sticky/in as_user poolmap compress --rm sticky/in
    [[ -f sticky/in && -f sticky/in.zst ]]
fi
same_text "in in.zst" "$(cd closed && echo *)"
chmod 700 locked
same_text "" "$(ls -A locked)"
chmod 755 closed
only_files in in.zst secret secret.zst closed closed/in closed/in.zst locked stdout sticky sticky/in \
    $( ((EUID != 0)) || echo sticky/in.zst)
