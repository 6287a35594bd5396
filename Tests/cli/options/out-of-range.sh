# Options with invalid values, unknown ones and ones that exclude each other are refused with exit code 2.
. "$CLI_LIB"
text 1000 > in
refused() { refuses 2 "" poolmap "$@" < /dev/null > out; same_text 0 "$(size_of out)"; }
for options in -20 -22 "--level 20" "--ultra -23" "--ultra --level=23" "--level=-1" "--level x" "--level=" -99999999999999999999 \
    --fast=0 --fast=-1 --fast=x --fast=131073 --fast=99999999999999999999 \
    --long=9 --long=32 --long=x --long=-1 --long=99999999999999999999 \
    "-j x" "-j" "-j -1" "--jobs=-1" --jobs=1025 "-j 99999999999999999999" -Tx "-Tx" --threads=1.5 -T2000 \
    --unknown --chunksize=1M -Z -3Z "-o" "--output"; do
    # shellcheck disable=SC2086
    refused $options
done
for size in 0 1 1023 1K1 x -1 "" 1.5M 2G 1073741825 1025M 99999999999999999999 17179869184G 1P K " 1M" "1 M" 0x1000 +4096; do
    refused compress --chunk-size "$size" in
    refused compress --chunk-size="$size" in
done
refused compress --offset 1 in
refused -o out2 in in
refused compress - -
refused list
refused cat
refused cat in in
refused cat --offset -1 in
refused cat --offset x in
refused cat --length -1 in
refused cat --length 99999999999999999999 in
refused hash --algorithm sha257 in
refused hash -a "" in
refused hash --rm in
refused decompress --long=9 in
refused decompress --chunk-size 1Z in
only_files in out
