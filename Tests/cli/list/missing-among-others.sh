# A file that cannot be listed is one error line, the others are listed, and the exit code is 1.
. "$CLI_LIB"
text 3000 > in
poolmap compress -q -o a.zst in
cp a.zst b.zst
refuses 1 nothing poolmap list a.zst nothing b.zst > table
grep -q 'a.zst$' table
grep -q 'b.zst$' table
refuses 1 "in" poolmap list in a.zst > table
expect_exit 1 poolmap list --json a.zst nothing b.zst > all.json 2> said
python3 -c 'import json; assert json.load(open("said"))["file"] == "nothing"'
python3 -c 'import json; assert len(json.load(open("all.json"))) == 2'
expect_exit 1 poolmap list --json nothing > all.json 2> said
python3 -c 'import json; assert json.load(open("all.json")) == []'
: > empty
refuses 1 empty poolmap list empty > table
refuses 1 . poolmap list . > table
mkfifo pipe
exec 3<> pipe
cat a.zst >&3
refuses 1 pipe poolmap list pipe > table
exec 3>&-
