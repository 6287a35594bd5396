# zstd's usual spellings work: -d, -t, -l, -dc, -T2, -T 2, -j, bundled letters, options after the files.
. "$CLI_LIB"
real_data 900000 > in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
for jobs in -T2 "-T 2" -T0 -j2 "-j 2" --jobs=2 "--jobs 2" --threads=2 "--threads 2" "-j 0"; do
    # shellcheck disable=SC2086
    silently poolmap $jobs --chunk-size 64K -c in | cmp - reference.zst
    # shellcheck disable=SC2086
    silently poolmap -d $jobs -c reference.zst | cmp - in
done
for restore in "-dc" "-cd" "-d -c" "-c -d" "-dc -T2" "-dcT2" "-dcq" "-qdc" "--decompress -c" "--uncompress --stdout" \
    "-d --stdout" "-dckf" "decompress -c" "-d -o -"; do
    # shellcheck disable=SC2086
    silently poolmap $restore reference.zst | cmp - in
    # shellcheck disable=SC2086
    silently poolmap $restore < reference.zst | cmp - in
    # shellcheck disable=SC2086
    silently poolmap $restore - < reference.zst | cmp - in
done
silently poolmap -t reference.zst
silently poolmap --test reference.zst
silently poolmap test reference.zst
silently poolmap -tq reference.zst
silently poolmap -t < reference.zst
cat reference.zst | silently poolmap -t -
poolmap -l reference.zst > listed
poolmap --list reference.zst | cmp - listed
poolmap list reference.zst | cmp - listed
# After the files, and in between.
silently poolmap in -9 -o nine.zst
silently poolmap -9 in -c | cmp - nine.zst
silently poolmap compress -c in -9 | cmp - nine.zst
silently poolmap -z -9 -c in | cmp - nine.zst
silently poolmap -9c in | cmp - nine.zst
silently poolmap -c9T2 in | cmp - nine.zst
silently poolmap -o=nine2.zst -9 in
same_file nine.zst nine2.zst
silently poolmap --output=nine3.zst -9 in
same_file nine.zst nine3.zst
