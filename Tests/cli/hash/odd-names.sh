# Names with spaces, line breaks and backslashes are written as coreutils writes and reads them.
. "$CLI_LIB"
names=('two words' ' leading' 'trailing ' 'back\slash' '\' $'line\nbreak' $'both\n\\' $'return\r' $'\r\n' '*' '"quoted"'
    $'tab\t' $'\xc3\xa4' $'e\xcc\x81' $'\\\xcc\x81' $'\n\xcc\x81' -dash)
for name in "${names[@]}"; do
    printf %s "$name" > "./$name"
done
silently poolmap hash -a sha256 -j 2 -- "${names[@]}" > sums
sha256sum -- "${names[@]}" | cmp - sums
sha256sum --quiet --strict -c sums
