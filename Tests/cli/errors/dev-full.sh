# A standard output that accepts nothing (/dev/full) is an error with one line, for each subcommand that writes to it.
. "$CLI_LIB"
real_data 1000000 > in
poolmap compress -q --chunk-size 64K in
echo x > small
poolmap compress -q small
zstd -q -o foreign.zst in
for jobs in 1 2; do
    for command in "compress --chunk-size 64K -c in" "compress -c small" "decompress -c in.zst" "decompress -c small.zst" \
        "decompress -c foreign.zst" "cat in.zst" "cat small.zst" "hash in" "hash small in"; do
        # shellcheck disable=SC2086
        refuses 1 "" poolmap $command -j $jobs > /dev/full
        grep -q 'No space left' "$CLI_NOTES/refusal"
    done
    refuses 1 "" poolmap -j $jobs --chunk-size 64K > /dev/full < <(cat in)
    refuses 1 "" poolmap -d -j $jobs > /dev/full < <(cat in.zst)
done
refuses 1 "" poolmap list in.zst > /dev/full
expect_exit 1 poolmap list --json in.zst > /dev/full 2> said
grep -q '"errno": 28' said
refuses 1 "" poolmap compress -o /dev/full in
refuses 1 "" poolmap decompress -o /dev/full in.zst
# On success nothing is written.
silently poolmap test in.zst > /dev/full
silently poolmap compress -o /dev/null in
[[ -c /dev/null && -c /dev/full ]]
