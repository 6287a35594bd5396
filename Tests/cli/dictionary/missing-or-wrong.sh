# A missing or invalid dictionary is reported by name in one line; so is the dictionary that a frame needs.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
cp records/00001.json in
poolmap -q -D one -o named.zst in
poolmap -q -D one --no-dictID -o nameless.zst in
poolmap -q -D raw -o raw.zst in
poolmap -q -o plain.zst in
mkdir folder
mkfifo pipe
: > empty
printf 1234567 > short
truncate -s $(((32 << 20) + 1)) large
(part one 0 8 && noise 300) > broken
# unusable NAME TEXT: every command stops at such a dictionary, and makes no file.
unusable() {
    refuses 1 "$1: $2" poolmap -D "$1" -o out in
    refuses 1 "$1: $2" poolmap -D "$1" -d -o out named.zst
    refuses 1 "$1: $2" poolmap -D "$1" -t plain.zst
    refuses 1 "$1: $2" poolmap cat -D "$1" plain.zst
    refuses 1 "$1: $2" poolmap -D "$1" -d --salvage -o out named.zst
    refuses 1 "$1: $2" poolmap --dry-run -D "$1" -o out in
    no_file out
}
unusable none "cannot read the dictionary: No such file or directory"
unusable folder "cannot read the dictionary: Is a directory"
unusable pipe "a dictionary must be a regular file"
unusable empty "dictionary size must be between 8 and 33554432 bytes (got 0)"
unusable short "dictionary size must be between 8 and 33554432 bytes (got 7)"
unusable large "dictionary size must be between 8 and 33554432 bytes (got 33554433)"
unusable broken "damaged"
# The largest allowed.
truncate -s $((32 << 20)) large
silently poolmap -q -D large -o out in
zstd -q -D large -dc out | cmp - in
rm out
# for_all_ways TEXT FILE OPTION…: every command refuses FILE, from a file or a pipe.
for_all_ways() {
    local text=$1 file=$2 jobs
    shift 2
    for jobs in 1 2; do
        refuses 1 "$text" poolmap -j $jobs "$@" -t "$file"
        refuses 1 "$text" poolmap -j $jobs "$@" -d -o out "$file"
        refuses 1 "$text" poolmap -j $jobs "$@" -dc "$file"
        refuses 1 "$text" poolmap -j $jobs "$@" -dc < <(cat "$file")
    done
    refuses 1 "$text" poolmap cat "$@" "$file"
    refuses 1 "$text" poolmap cat "$@" --length 1 "$file"
    no_file out
}
for_all_ways "needs dictionary 4711; use -D FILE" named.zst
for_all_ways "needs dictionary 4711, but other is dictionary 77" named.zst -D other
for_all_ways "needs dictionary 4711, but raw has no ID" named.zst -D raw
refuses 1 "needs dictionary 4711; use -D FILE" poolmap -d --salvage -o out named.zst
refuses 1 "needs dictionary 4711, but other is dictionary 77" poolmap -d --salvage -D other -o out named.zst
# Frames that do not name their dictionary: the content is checked against its checksum, as always.
for_all_ways "damaged, or compressed with a dictionary that it does not name" nameless.zst
for_all_ways "or other is the wrong dictionary" nameless.zst -D other
for_all_ways "or raw is the wrong dictionary" nameless.zst -D raw
for_all_ways "or one is the wrong dictionary" raw.zst -D one
for_all_ways "damaged: Data corruption detected" raw.zst
zstd_refuses named.zst nameless.zst raw.zst plain.zst | diff - <(printf '%s\n' named.zst nameless.zst raw.zst)
# Of several files only those that need another dictionary are refused.
poolmap -j 2 -D one -dc named.zst raw.zst plain.zst nameless.zst 2> said > out || (($? == 1))
one_error_line said "raw.zst: " "or one is the wrong dictionary"
same_file out <(cat in in in)
poolmap --json -t named.zst 2> said || (($? == 1))
python3 -c '
import json
error = json.load(open("said"))
assert error["error"] == "unsupported" and error["file"] == "named.zst", error
assert "needs dictionary 4711" in error["message"], error'
