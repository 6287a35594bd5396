# --resume needs one regular file and -o; anything else is one clear line.
. "$CLI_LIB"
text 5000 > in
cp in second
refuses 2 "--resume requires -o FILE" poolmap compress --resume in
refuses 2 "--resume requires -o FILE" poolmap compress --resume -c in
refuses 2 "--resume requires -o FILE" poolmap compress --resume -o - in
refuses 2 "--resume requires -o FILE" poolmap compress --resume -o out -c in
refuses 2 "--resume requires one regular file" poolmap compress --resume -o out in second
refuses 2 "--resume requires one regular file" poolmap compress --resume -o out < in
refuses 2 "--resume requires one regular file" poolmap compress --resume -o out - < in
refuses 2 "--resume" poolmap decompress --resume -o out in
refuses 1 "nothing: " poolmap compress --resume -o out nothing
mkdir folder
refuses 1 "folder: is a directory" poolmap compress --resume -o out folder
mkfifo pipe
refuses 1 "pipe: is not a regular file" poolmap compress --resume -o out pipe
refuses 1 "/dev/null: is not a regular file" poolmap compress --resume -o out /dev/null
refuses 1 "in: cannot write missing/out" poolmap compress --resume -o missing/out in
refuses 1 "in: cannot write folder/" poolmap compress --resume -o folder/"$(printf '%0250d' 0)" in
# The input is never one of the files that are written.
mv second out.partial
refuses 1 "out.partial: is both input and output" poolmap compress --resume -f -o out out.partial
same_file in out.partial
mv out.partial out.resume
refuses 1 "out.resume: is both input and output" poolmap compress --resume -f -o out out.resume
same_file in out.resume
mv out.resume second
# Links are not followed, and only regular files are accepted.
ln -s second out.partial
refuses 1 "in: cannot write out.partial" poolmap compress --resume -f -o out in
rm out.partial
ln -s second out.resume
refuses 1 "in: cannot write out.resume" poolmap compress --resume -f -o out in
rm out.resume
mkfifo out.resume
refuses 1 "in: cannot write out.resume: it is not a regular file" poolmap compress --resume -f -o out in
rm out.resume
same_file in second
only_files in second folder pipe
