# A name that is not valid UTF-8, which Linux allows, names the same file to every subcommand.
. "$CLI_LIB"
name=$'\xff\xfe bytes'
text 5000 > "$name"
silently poolmap compress "$name"
silently poolmap test "$name.zst"
silently poolmap cat "$name.zst" | cmp - "$name"
mv "$name" original
silently poolmap decompress "$name.zst"
same_file original "$name"
silently poolmap compress -o $'\xfd' original
silently poolmap hash -a sha256 "$name" | cmp - <(sha256sum "$name")
silently poolmap list "$name.zst" > table
# JSON must be UTF-8, so the name cannot be unchanged there.
poolmap list --json "$name.zst" | python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read().decode("utf-8"))'
only_files "$name" "$name.zst" original $'\xfd' table
