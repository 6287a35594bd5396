# Files of every size, given by name, list and folder, share one queue and give the same bytes at any -j.
. "$CLI_LIB"
chunk=65536
mkdir -p tree/inner named reference restored
number=0
for bytes in 0 1 17 $((chunk - 1)) $chunk $((chunk + 1)) $((3 * chunk)) $((5 * chunk + 7)) 300 2000 1000000; do
    number=$((number + 1))
    { text $((bytes / 2)) && noise $((bytes - bytes / 2)) $number; } > "named/$number"
done
cp named/[1-4] tree
cp named/{5..9} named/1? tree/inner
# A mix of folders, names and both kinds of lists. The names of a list follow those of the command line.
printf '%s\n' named/{8..11} > lines
printf '%s\0' named/{8..11} > nulls
for file in named/*; do
    poolmap compress -j 1 --chunk-size 64K -o "reference/${file##*/}.zst" "$file"
done
sums() { (cd "$1" && find . -type f -name '*.zst' -exec sha256sum {} + | sed 's:\./inner/:./:' | sort -u); }
sums reference > expected
for jobs in 1 2 3 8; do
    for list in "--files-from lines" "--files-from=nulls -0" "--filelist nulls --null"; do
        # shellcheck disable=SC2086
        silently poolmap compress -j $jobs --chunk-size 64K -r named/{1..7} $list tree
        sums named | diff expected - || fail "-j $jobs: the bytes of the named files differ"
        sums tree | diff expected - || fail "-j $jobs: the bytes of the tree differ"
        ((jobs == 2)) || break
        rm named/*.zst tree/*.zst tree/inner/*.zst
    done
    if ((jobs != 2)); then
        silently poolmap test -j $jobs -r tree --files-from <(printf '%s.zst\n' named/{1..11})
        mv named originals
        mkdir named
        mv originals/*.zst named
        silently poolmap decompress -j $jobs -r named
        rm named/*.zst
        diff -r originals named
        rm -r named tree/*.zst tree/inner/*.zst
        mv originals named
        poolmap hash -a sha256 -j $jobs -r tree named/{7..1} --files-from lines > digests
        (cd tree && find . -type f) | LC_ALL=C sort | sed 's:^\.:tree:' > names
        { cat names && printf '%s\n' named/{7..1} && cat lines; } | xargs sha256sum | cmp - digests
    fi
done
