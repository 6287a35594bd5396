# Names with backslashes, line breaks and invalid UTF-8 are escaped, found again, and shown as coreutils does.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
names=('two words' ' leading' 'trailing ' 'back\slash' '\' '\n' $'line\nbreak' $'both\n\\' $'return\r' $'\r\n' $'tab\t'
    $'\xc3\xa4' $'e\xcc\x81' $'accent\\\xcc\x81' $'no\xfftext' $'\xf4\x8f\xbc\x80' -dash 'size 10' '0 1 2')
for name in "${names[@]}"; do
    printf %s "$name" > "./$name"
done
manifest_of sha256 1048576 "${names[@]}" > expected
for jobs in 1 2; do
    silently poolmap hash --manifest -a sha256 -j "$jobs" -- "${names[@]}" > manifest
    same_file expected manifest
    silently poolmap hash --check -j "$jobs" manifest > said
    # The lines are those of coreutils.
    sha256sum -- "${names[@]}" | sha256sum --check - | cmp - said
done
# A file named - is not standard input.
echo content > -
poolmap hash --manifest ./- > manifest
same_text "file ./-" "$(sed -n 4p manifest)"
says 0 "./-: OK" poolmap hash --check manifest < /dev/null
