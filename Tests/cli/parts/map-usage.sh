# Options that --part of map cannot be combined with are one line and exit code 2, before anything is done.
. "$CLI_LIB"
seq 100 > in
mkdir folder
refused() {
    local words=$1
    shift
    refuses 2 "$words" poolmap map --lines "$@" -- touch ran < in
    only_files in folder
}
for text in 0/4 5/4 1/0 x 3 1/4/2 ""; do refused "--part" --part="$text" -o out in; done
refused "--part requires -o FILE" --part 1/2 in
refused "--part requires -o FILE" --part 1/2 -o - in
refused "--part cannot be combined with --output-template: a part is a single file" --part 1/2 --output-template 'out-{index}' in
refused "--part cannot be combined with --compress; compress the joined file" --part 1/2 --compress -o out in
refused "--part cannot be combined with --keep-going: a part must be complete" --part 1/2 --keep-going -o out in
for files in "in in" "" "-" "-r folder" "--files-from in" "--files0-from in"; do
    # shellcheck disable=SC2086
    refused "--part requires one regular file" --part 1/2 -o out $files
done
refused "--resume cannot be combined with --unordered" --part 1/2 --resume --unordered -o out in
# Anything but a regular file is noticed when it is opened.
mkfifo pipe
refuses 1 "is not a regular file, which --part requires" poolmap map --part 1/2 --lines -o out pipe -- touch ran < /dev/null &
reader=$!
exec 3<> pipe
wait $reader
exec 3>&-
rm pipe
refuses 1 "/dev/null: is not a regular file, which --part requires" poolmap map --part 1/2 --lines -o out /dev/null -- touch ran
refuses 1 "" poolmap map --part 1/2 --lines -o out folder -- touch ran
refuses 1 "" poolmap map --part 1/2 --lines -o out none -- touch ran
only_files in folder
# --unordered works, and so does auto.
for index in 1 2; do
    SGE_TASK_ID=$index SGE_TASK_FIRST=1 SGE_TASK_LAST=2 SGE_TASK_STEPSIZE=1 poolmap map --part auto --unordered --lines --chunk-size 20 -o out in -- cat
done
silently poolmap join -q out.part-*
same_file in <(sort -n out)
# The report describes the part.
poolmap map -f --part 1/2 --lines --report report.json -o out in -- cat
grep -q '"part": *"1/2"' report.json
