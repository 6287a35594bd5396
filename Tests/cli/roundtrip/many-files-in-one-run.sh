# Many files of all sizes in one run, each to its own target, give the same as each by itself.
. "$CLI_LIB"
mkdir originals
for number in {1..60}; do
    real_data $((number * number * 300)) | tail -c "$((number * number * 150))" > "file $number"
done
: > empty
cp ./file* empty originals
silently poolmap compress -j 3 --chunk-size 64K ./file* empty
for file in file* empty; do
    [[ $file != *.zst ]] || continue
    poolmap compress -j 1 --chunk-size 64K -c "$file" | cmp - "$file.zst"
    rm "$file"
done
silently poolmap test -j 3 ./*.zst
silently poolmap decompress -j 3 --rm ./*.zst
mkdir restored
mv file* empty restored
diff -r originals restored
only_files originals restored originals/{empty,file\ {1..60}} restored/{empty,file\ {1..60}}
