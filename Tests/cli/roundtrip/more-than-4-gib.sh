# More than 4 GiB, where a 32-bit number would overflow, is counted, read in ranges and restored correctly.
. "$CLI_LIB"
# Mostly holes; some bytes on both sides of the 4 GiB border.
size=4400000000
truncate -s $size in
patch in 0 1 2 3
patch in 4294967294 4 5 6 7
patch in $((size - 2)) 8 9
silently poolmap compress -1 -j 2 in
poolmap list --json in.zst | grep -q "\"contentBytes\": $size"
silently poolmap test -j 2 in.zst
for offset in 0 4294967290 $((size - 100000)); do
    poolmap cat --offset $offset --length 100000 in.zst | cmp - <(part in $offset 100000)
done
poolmap decompress -c -j 2 in.zst | tail -c +4294960000 | cmp - <(tail -c +4294960000 in)
