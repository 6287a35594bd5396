# Any name is a valid JSON string, even with quotes, line breaks and control characters.
. "$CLI_LIB"
names=('two words' 'a "quote"' 'back\slash' $'line\nbreak' $'tab\tand\x01' $'\xc3\xa4')
for name in "${names[@]}"; do
    echo x | poolmap compress -o "$name"
done
poolmap list --json -- "${names[@]}" > all.json
python3 -c '
import json, sys
names = [file["file"] for file in json.load(open("all.json", encoding="utf-8"))]
assert names == [name.decode() for name in map(__import__("os").fsencode, sys.argv[1:])], names' "${names[@]}"
