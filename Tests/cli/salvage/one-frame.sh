# If nothing can be read there is an error, no target, and nothing on standard output.
. "$CLI_LIB"
text 300000 > in
zstd -q -o single.zst in
poolmap compress -q -o own.zst in
noise 5000 > noise.zst
: > empty.zst
for file in single own; do
    cp $file.zst bad-$file.zst
    patch bad-$file.zst 2000 1 2 3 4 5
    head -c 2000 $file.zst > cut-$file.zst
done
cp single.zst no-magic.zst
patch no-magic.zst 0 0
for bad in bad-single bad-own cut-single cut-own no-magic noise empty; do
    refuses 1 "$bad.zst: " poolmap decompress -j 2 --salvage $bad.zst
    no_file $bad
    refuses 1 "$bad.zst: " poolmap decompress -j 2 --salvage -c $bad.zst > out
    same_text 0 "$(size_of out)"
    echo old > kept
    refuses 1 "$bad.zst: " poolmap decompress --salvage --omit -f -o kept $bad.zst
    same_text old "$(< kept)"
done
