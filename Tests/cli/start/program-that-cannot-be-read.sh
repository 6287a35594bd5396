# A program that its user may run but not read, so that its processes cannot inspect each other, works in parallel too.
. "$CLI_LIB"
chmod 777 .
cp "$POOLMAP" shut
chmod 711 shut
real_data 3000000 > data
chmod 644 data
poolmap compress -q -j 1 --chunk-size 256K -o reference.zst data
silently as_user ./shut compress -j 3 --chunk-size 256K -o data.zst data
same_file reference.zst data.zst
silently as_user ./shut decompress -j 3 -o restored data.zst
same_file data restored
silently as_user ./shut test -j 3 data.zst
silently as_user ./shut hash -a sha256 -j 3 data > sums
sha256sum --quiet -c sums
silently as_user ./shut compress -j 3 --chunk-size 256K --resume -f -o data.zst data
same_file reference.zst data.zst
