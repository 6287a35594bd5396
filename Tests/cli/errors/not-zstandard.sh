# Input that is not a Zstandard file is refused by every subcommand that reads one, without a target.
. "$CLI_LIB"
text 100000 > text
noise 100000 > noise
printf 'x' > one
printf '\x28\xb5\x2f' > short
printf '\x28\xb5\x2f\xfd' > magic
head -c 100000 /dev/zero > zeros
printf '\x1f\x8b\x08\x00\x00\x00\x00\x00' > gzip
{ zstd -q -c text; echo "and more"; } > garbage-behind
{ poolmap compress -c text; printf '\x00'; } > zero-behind
{ echo; zstd -q -c text; } > garbage-before
mkdir inputs
mv text noise one short magic zeros gzip garbage-* zero-behind inputs
cd inputs
for file in *; do
    for jobs in 1 2; do
        refuses 1 "$file" poolmap decompress -j $jobs -o out "$file"
        refuses 1 "$file" poolmap decompress -j $jobs -f -o out "$file"
        refuses 1 "$file" poolmap test -j $jobs "$file"
        refuses 1 "$file" poolmap decompress -j $jobs -c "$file" > ../stdout
        refuses 1 "standard input" poolmap decompress -j $jobs -o out < <(cat "$file")
        refuses 1 "standard input" poolmap test -j $jobs < <(cat "$file")
    done
    refuses 1 "$file" poolmap list "$file" > ../stdout
    refuses 1 "$file" poolmap cat "$file" > ../stdout
done
only_files text noise one short magic zeros gzip garbage-behind garbage-before zero-behind
