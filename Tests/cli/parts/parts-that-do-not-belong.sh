# Parts that cannot be joined are refused in one line, which names the file and the remedy, without a target.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
text 300000 > in
touch -d 2001-01-01 in
compress=(poolmap compress -j 1 --chunk-size 64K)
silently each_part 3 "${compress[@]}" -o good in
first=good.part-1-of-3 second=good.part-2-of-3 third=good.part-3-of-3

# another PART OPTION…: makes a part of another run.
another() { silently "${compress[@]}" -f --part "$1" "${@:2}" -o other in; }

# ---- One is missing, duplicate, or of another count

refuses_to_join "part 1 of 3 is missing" $second $third
refuses_to_join "part 2 of 3 is missing, and 1 more" $first
refuses_to_join "part 3 of 3 is missing" $second $first
refuses_to_join "part 2 is given twice: $second and $second" $first $second $second $third
cp $second twin
refuses_to_join "part 2 is given twice" $first twin $third $second
another 2/4
refuses_to_join "other.part-2-of-4 is one of 4 parts, but $first is one of 3" $first other.part-2-of-4 $second $third
# The name of a part only decides the target.
cp $first third
cp $third first
silently poolmap join -o out $second first third
"${compress[@]}" -q -o whole in
same_file whole out
rm out first third

# ---- From another run

# of_another TEXT: the second part of the other run cannot be joined with the rest of the first.
of_another() {
    refuses_to_join "other.part-2-of-3 does not belong to $first: $1" $third other.part-2-of-3 $first
    grep -q '; make the parts again$' "$CLI_NOTES/refusal"
}
for options in --no-check -4 --long=27 --rsyncable --zstd=strat=3 "-D twin"; do
    # shellcheck disable=SC2086
    another 2/3 $options
    of_another "it was made with "
done
another 2/3 --chunk-size 32K
of_another "it was made with chunk-size=32768, not chunk-size=65536"
cp -p in kept
touch -d 2001-01-02 in
another 2/3
of_another "its input had a different modification time"
touch -d '2001-01-01 00:00:00.000000001' in
another 2/3
of_another "its input had a different modification time"
echo >> in
touch -d 2001-01-01 in
another 2/3
of_another "its input had 300001 bytes, not 300000"
# Of the same size and time; changed near one end, as the middle is not checked.
for place in 5 299990; do
    cp -p kept in
    patch in $place 7
    touch -d 2001-01-01 in
    another 2/3
    of_another "its input had different content"
done
cp -p kept in
poolmap compress -q -o in.zst in
silently poolmap decompress --part 2/3 -f -o other in.zst
refuses_to_join "other.part-2-of-3 does not belong to $first" $first other.part-2-of-3 $third
silently poolmap hash --part 2/3 -f -o other in
refuses_to_join "other.part-2-of-3 does not belong to $first: it was made with operation=hash, not " \
    $first other.part-2-of-3 $third
silently poolmap hash --part 1/3 -a crc32 -o lines in
silently poolmap hash --part 3/3 -o lines in
refuses_to_join "it was made with algorithm=" lines.part-1-of-3 other.part-2-of-3 lines.part-3-of-3
silently poolmap hash --manifest --part 2/3 -f -o other in
refuses_to_join "it was made with operation=manifest" lines.part-1-of-3 other.part-2-of-3 lines.part-3-of-3
rm lines.* other.*

# ---- Not a part

refuses 2 "missing file names of the parts" poolmap join
refuses 2 "missing file names of the parts" poolmap join -o out
refuses 2 "standard input" poolmap join -o out -
refuses 2 "in does not end with .part-I-of-N; name the target with -o" poolmap join in
refuses 2 "in.part-4-of-3 does not end with .part-I-of-N" poolmap join $first in.part-4-of-3
refuses 2 "-o cannot be combined with -c" poolmap join -c -o out $first
refuses 2 "--rm requires an output file" poolmap join -c --rm $first
refuses 2 "--if-changed requires an output file" poolmap join -o - --if-changed $first
no_part="is not a part made by poolmap, or is truncated or damaged; make the part again"
: > empty
for file in in in.zst empty whole /dev/null /proc/version; do
    refuses_to_join "out: $file $no_part" $first $file $third
done
mkdir folder
refuses_to_join "out: folder is a directory" $first folder $third
mkfifo pipe
# A pipe without a writer, which is not waited for.
refuses_to_join "out: pipe $no_part" $first pipe $third
refuses_to_join "out: nothing: No such file or directory" $first nothing $third
