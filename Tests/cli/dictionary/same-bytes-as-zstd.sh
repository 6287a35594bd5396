# A file of one chunk that was compressed with a dictionary has the same bytes as by zstd -D, at every level.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
: > empty
printf x > byte
cp records/00001.json record
cat records/*.json > all
part all 0 60000 > some
real_data 700000 > much
same_as_zstd() {
    zstd -q -f "$@" -o expected
    silently poolmap -q -f "$@" -o out
    same_file expected out "$*"
}
for dictionary in one raw; do
    for level in --fast=3 -1 -2 -3 -4 -5 -6 -7 -9 -11 -13 -15 -17 -19 "--ultra -22"; do
        for file in empty byte record some; do
            # shellcheck disable=SC2086
            same_as_zstd -D $dictionary $level $file
        done
    done
    for level in --fast=3 -1 -3 -6 -9; do
        same_as_zstd -D $dictionary $level much
    done
    for option in --no-dictID --no-check --long=20; do
        same_as_zstd -D $dictionary $option record
        same_as_zstd -D $dictionary $option some
    done
done
# The last of several takes effect.
same_as_zstd -D one -D other record
same_as_zstd -D other -D one record
# Many files by workers, each the same as by itself.
mkdir expected.d
zstd -q -D one -r records --output-dir-flat expected.d
for jobs in 1 2 3; do
    silently poolmap -q -j $jobs -D one -r records --output-dir out.d
    diff -r expected.d out.d/records
    rm -r out.d
done
# A dictionary saves space.
silently poolmap -q -r records --output-dir plain.d
with=$(cat expected.d/* | wc -c) without=$(cat plain.d/records/* | wc -c)
((with * 2 < without)) || fail "$with bytes with the dictionary, $without without"
