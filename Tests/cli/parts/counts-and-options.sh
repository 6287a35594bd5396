# Parts of any count, with any options, made in any order and concurrently, make what one run makes.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
. "$CLI_FOLDER/joins.sh"
real_data 1500000 > in
lay_out_dictionaries
touch -d '2001-02-03 04:05:06.123456789' in
chmod 640 in

# makes COUNT OPTION…: also the concatenated parts are a valid file.
makes() {
    rm -f out out.part-* whole
    poolmap compress -q "${@:2}" -o whole in
    silently each_part "$1" poolmap compress "${@:2}" -o out in
    joins_to whole out "$1"
    # shellcheck disable=SC2046
    cat $(parts_of out "$1") | zstd -q -dc --long=31 ${dictionary-} | cmp - in
}
for count in 1 2 7 40; do makes $count --chunk-size 64K; done
for jobs in 1 2 3; do makes 5 --chunk-size 64K -j $jobs; done
for count in 1 4; do
    makes $count --rsyncable --chunk-size 128K
    makes $count --no-check --chunk-size 64K
    makes $count --long=27 --chunk-size 256K
    makes $count -1 --chunk-size 100000
    makes $count --fast=3 --zstd=strat=2 --chunk-size 64K
done
# More parts than rsyncable has chunks.
makes 40 --rsyncable --chunk-size 512K
makes 2 -19 --chunk-size 512K
# The default chunk size.
makes 3
for name in one raw; do
    dictionary="-D $name"
    makes 3 -D $name --chunk-size 64K
    makes 2 -D $name --no-dictID --chunk-size 64K
done
dictionary=

# ---- The same part again

makes 2 --chunk-size 64K
cp out.part-1-of-2 first
# It is complete, and left alone if the options are the same.
before=$(stat -c '%i %z' out.part-1-of-2)
silently poolmap compress --chunk-size 64K --part 1/2 -o out in
same_text "$before" "$(stat -c '%i %z' out.part-1-of-2)"
refuses 1 "in: out.part-1-of-2" poolmap compress --chunk-size 64K -4 --part 1/2 -o out in
refuses 1 "whole: out.part-1-of-2" poolmap decompress --part 1/2 -o out whole
same_file first out.part-1-of-2
head -c -1 first > out.part-1-of-2
refuses 1 "in: out.part-1-of-2" poolmap compress --chunk-size 64K --part 1/2 -o out in
echo other > out.part-1-of-2
refuses 1 "in: out.part-1-of-2" poolmap compress --chunk-size 64K --part 1/2 -o out in
silently poolmap compress --chunk-size 64K --part 1/2 -f -o out in
same_file first out.part-1-of-2
silently poolmap compress --chunk-size 64K --part 1/2 --if-changed -o out in
same_file first out.part-1-of-2
# Two at the same time: one of them succeeds, or both.
for _ in 1 2 3; do
    poolmap compress --chunk-size 64K --part 1/2 -f -o out in &
    poolmap compress --chunk-size 64K --part 1/2 -f -o out in
    wait $!
    same_file first out.part-1-of-2
done
