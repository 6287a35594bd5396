# Several files, large and small, have their sections in order, and are checked in order; so are several manifests.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
mkdir many
for number in {1..150}; do
    noise $((number * 37)) "$number" > "many/$number"
done
real_data 6000000 > many/large
: > many/empty
files=(many/150 many/large many/{1..149} many/empty many/large many/7)
manifest_of sha1 4096 "${files[@]}" > expected
for jobs in 1 3; do
    silently poolmap hash --manifest -j "$jobs" -a sha1 --chunk-size 4K "${files[@]}" | cmp - expected
    silently poolmap hash --check -j "$jobs" expected | cmp - <(printf '%s: OK\n' "${files[@]}")
done
# Each with its own algorithm and chunk size, from concatenated manifests, a list of names and a folder.
poolmap hash --manifest -a md5 many/1 many/2 > one
printf '%s\n' many/3 many/large | poolmap hash --manifest --chunk-size 2M --files-from - > two
cat one two > three
says 0 "$(printf '%s: OK\n' many/{1..3} many/large many/1 many/2 many/{1..3} many/large many/3 many/large)" \
    poolmap hash --check -j 2 three one three two
same_text 152 "$(poolmap hash --manifest -r many | grep -c '^end ')"
# A damaged file, a missing one and a folder: the others are checked.
flip many/2 50
rm many/1
mkdir many/1
rm many/3
says 1 $'many/1: FAILED open or read\nmany/2: FAILED bytes 0 to 73\nmany/3: FAILED open or read\nmany/large: OK' \
    poolmap hash --check -j 2 one two
same_text "poolmap: many/1: is a directory, not a file
poolmap: many/3: No such file or directory" "$(< "$CLI_NOTES/errors")"
says 1 $'many/1: FAILED open or read\nmany/2: FAILED bytes 0 to 73\nmany/3: FAILED open or read' \
    poolmap hash --check --quiet one two
says 1 "" poolmap hash --check --status one two
same_text 2 "$(wc -l < "$CLI_NOTES/errors")"
expect_exit 1 poolmap hash --check --json --status two one 2> errors
same_text '{"error": "mismatch", "file": "many/2", "message": "does not match the manifest", "errno": null}' \
    "$(grep mismatch errors)"
same_text 3 "$(wc -l < errors)"
# An unreadable file has no section, and with -o there is no manifest.
manifest_of blake3 1048576 many/4 many/5 > expected
refuses 1 many/3 poolmap hash --manifest -j 2 many/4 many/3 many/5 > manifest
same_file expected manifest
refuses 1 many/3 poolmap hash --manifest -j 2 -o new many/4 many/3 many/5
no_file new
silently poolmap hash --manifest -j 2 -o new many/4 many/5
same_file expected new
refuses 1 new poolmap hash --manifest -o new many/4
refuses 1 "is both input and output" poolmap hash --manifest -f -o new many/4 new
same_file expected new
