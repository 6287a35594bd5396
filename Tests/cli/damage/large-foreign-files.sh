# A foreign file of several blocks and frames with damage in the middle is refused in parallel, without a target.
. "$CLI_LIB"
real_data 3000000 > in
zstd -q -o single.zst in
pzstd -q -p 2 -o pzstd.zst in
split -b 300000 in piece.
zstd -q -c piece.* > frames.zst
rm piece.*
for file in single pzstd frames; do
    size=$(size_of $file.zst)
    for step in {1..12}; do
        offset=$((size * step / 13))
        cp $file.zst damaged.zst
        patch damaged.zst $offset 90 165 90
        head -c $offset $file.zst > cut.zst
        for bad in damaged.zst cut.zst; do
            ! zstd -q -t $bad 2> /dev/null || fail "$file at $offset is not bad"
            refuses 1 $bad poolmap test -j 2 $bad
            refuses 1 $bad poolmap decompress -j 2 -o out $bad
            refuses 1 "standard input" poolmap decompress -j 2 -o out < <(cat $bad)
            refuses 1 "standard input" poolmap test -j 3 < <(cat $bad)
            no_file out
        done
    done
done
