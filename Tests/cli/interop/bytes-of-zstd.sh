# Content of one chunk becomes the frame that zstd writes, byte for byte, except as docs/format.md says.
. "$CLI_LIB"
real_data 9000000 > all
for size in 0 1 5 1000 70000 300000 1200000 2097152; do
    part all 3000000 $size > in
    for options in -1 -2 -3 -4 -6 -9 -12 --fast --fast=5 "--ultra -22" --no-check --long --long=27 "-5 --no-check" -T3; do
        # The slow levels take too long for large files.
        [[ $options != *22 && $options != -12 ]] || ((size <= 1200000)) || continue
        single=
        [[ $options != --long* ]] || single=--single-thread
        # shellcheck disable=SC2086
        zstd -q -f $single $options -o expected in
        # shellcheck disable=SC2086
        silently poolmap -f $options -o out in
        same_file expected out "$size bytes, $options"
        # shellcheck disable=SC2086
        silently poolmap $options < <(cat in) > out
        same_file expected out "$size bytes from a pipe, $options"
    done
done
# A full chunk, and content that would be cut in two.
part all 0 8388608 > in
zstd -q -f -o expected in
silently poolmap -f -o out in
same_file expected out
silently poolmap < <(cat in) > out
same_file expected out
part all 0 8388609 > in
silently poolmap -f -o out in
! head -c 100 out | cmp -s - <(head -c 100 expected)
zstd -q -dc out | cmp - in
poolmap < <(cat in) | cmp - out
# The exceptions: there zstd splits the content, unless it may not use threads.
part all 0 5000000 > in
for level in -1 -2 --fast; do
    zstd -q -f $level -o expected in
    silently poolmap -f $level -o out in
    ! cmp -s expected out || fail "$level: zstd writes the same by now; docs/format.md says other"
done
