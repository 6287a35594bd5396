# An undamaged file is restored silently, to the same bytes, with its mode and time, whichever program made it.
. "$CLI_LIB"
text 300000 > in
: > nothing
poolmap compress -q --chunk-size 64K -o own.zst in
poolmap compress -q --no-check --chunk-size 64K -o plain.zst in
poolmap compress -q -o nothing.zst nothing
zstd -q -o single.zst in
zstd -q -c < in > unsized.zst
pzstd -q -p 2 -c in > pzstd.zst
cat own.zst plain.zst single.zst nothing.zst pzstd.zst own.zst > joined.zst
printf '\x50\x2a\x4d\x18\x03\x00\x00\x00abc' > skippable.zst
: | zstd -q -c > empty-frame.zst
for file in *.zst; do
    chmod 640 "$file"
    touch -d '2001-02-03 04:05:06.789' "$file"
    silently poolmap decompress -q -j 2 -f -o expected "$file"
    for jobs in 1 2 3; do
        silently poolmap decompress -j $jobs --salvage -f -o out "$file"
        same_file expected out "$file"
        same_text "$(stat -c '%a %Y' expected)" "$(stat -c '%a %Y' out)"
    done
    silently poolmap -d --salvage --omit -c < "$file" | cmp - expected
done
