# A missing input, a missing target folder and an empty name are one line each; other inputs are processed.
. "$CLI_LIB"
text 1000 > in
poolmap compress -q in
for command in "compress nothing" "compress -o new nothing" "decompress nothing.zst" "test nothing" "hash nothing" \
    "list nothing" "cat nothing" "-d nothing.zst" "-t nothing" "-l nothing" "nothing"; do
    # shellcheck disable=SC2086
    refuses 1 nothing poolmap $command > stdout
done
refuses 1 nowhere/out poolmap compress -o nowhere/out in
refuses 1 nowhere/out poolmap decompress -o nowhere/out in.zst
refuses 1 in/out poolmap compress -o in/out in
refuses 1 in.zst poolmap test in.zst/below
refuses 1 "" poolmap compress ""
long=$(printf 'x%.0s' {1..256})
refuses 1 "$long" poolmap compress "$long"
refuses 1 "in" poolmap compress -o "$long" in
ln -s loop loop
refuses 1 loop poolmap compress loop
cp in second
refuses 1 nothing poolmap compress nothing second
refuses 1 nothing poolmap decompress -f nothing.zst second.zst
same_file in second
only_files in in.zst stdout loop second second.zst
