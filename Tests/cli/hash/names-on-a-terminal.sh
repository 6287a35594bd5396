# Control characters in names are escaped on a terminal, in lines, lists and JSON, but not in files and pipes.
. "$CLI_LIB"
# Escape, bell, an 8-bit control by itself and in UTF-8, a bidirectional mark, an isolate, a line separator, a
# zero-width space, a tag; and a letter with an accent, which is text.
name=$'e\e[31m\a\x9b\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xe2\x80\x8b\xd8\x9c\xf3\xa0\x81\x81\xc3\xa9'
shown='e\x1B[31m\x07\x9B\xC2\x9B\xE2\x80\xAE\xE2\x81\xA6\xE2\x80\xA8\xE2\x80\x8B\xD8\x9C\xF3\xA0\x81\x81'$'\xc3\xa9'
echo x > "$name"
sum=$(sha256sum < "$name" | cut -d' ' -f1)
on_terminal() { script -qec "$*" /dev/null < /dev/null | tr -d '\r'; }
is_clean() {
    # The only control characters are line feeds.
    ! LC_ALL=C grep -aq $'[\x01-\x09\x0b-\x1f\x7f\x9b]\|\xe2\x80\|\xe2\x81\|\xd8\x9c\|\xf3\xa0' "$1" ||
        fail "a control character was printed: $(od -c "$1")"
}
export name
same_text "$sum  $shown" "$(on_terminal 'poolmap hash -a sha256 "$name"' | tee seen)"
is_clean seen
poolmap hash -a sha256 "$name" > sums
same_text "$sum  $name" "$(< sums)"
for command in 'poolmap hash --tag "$name"' 'poolmap hash -r .' 'poolmap hash -c sums' 'poolmap hash --manifest "$name"' \
    'poolmap hash -o /dev/tty "$name"' 'poolmap compress --dry-run "$name"' 'poolmap compress -v -f "$name"'; do
    on_terminal "$command" > seen
    grep -qF "$shown" seen || fail "the name is not in: $(< seen)"
    is_clean seen
done
mkdir tree
cp "$name" tree/
ln -s x "tree/${name}2"
on_terminal 'poolmap hash --tree --list tree' > seen
same_text 2 "$(grep -cF "$shown" seen)"
is_clean seen
poolmap hash --tree --list tree | grep -qF "$name"
mv tree "$name.d"
on_terminal 'poolmap hash --tree "$name.d"' > seen
grep -qF "$shown.d" seen
is_clean seen
for command in 'poolmap list "$name.zst"' 'poolmap list -v "$name.zst"' 'poolmap test -v "$name.zst"' \
    'poolmap hash -c manifest' 'poolmap hash "$name.no"' 'poolmap hash --json "$name.no"' \
    'poolmap list --json "$name.zst"' 'poolmap hash "--$name"' 'poolmap "$name.no" --report /dev/tty'; do
    poolmap hash --manifest "$name" > manifest
    on_terminal "$command" > seen || true
    is_clean seen
done
# JSON is the same wherever it goes.
poolmap list --json "$name.zst" > seen
is_clean seen
python3 -c '
import json, os, sys
assert os.fsencode(json.load(open("seen"))[0]["file"]) == os.environb[b"name"] + b".zst"'
# Lines that end with NUL still do.
on_terminal 'poolmap hash -a sha256 -z "$name"' > seen
printf '%s  %s\0' "$sum" "$shown" | cmp - seen
# Content is never changed.
printf 'a\e[0m\xe2\x80\xae\n' > plain
poolmap compress -q plain
script -qec 'poolmap decompress -c plain.zst' /dev/null < /dev/null | tr -d '\r' | cmp - plain
# Errors are always escaped.
refuses 1 "$shown" poolmap hash "$name.no"
is_clean "$CLI_NOTES/refusal"
