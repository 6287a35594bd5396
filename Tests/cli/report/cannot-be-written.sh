# A report that cannot be written is an error of one line that names it, and leaves no partial file.
. "$CLI_LIB"
text 5000 > in
mkdir folder
for option in --report --trace; do
    # If that is known in advance, nothing is started.
    refuses 1 "none/file: No such file" poolmap compress $option none/file in
    refuses 1 "folder" poolmap compress $option folder in
    no_file in.zst none
    refuses 2 "$option" poolmap compress $option
    refuses 1 "/dev/full" poolmap compress -f $option /dev/full in
    rm in.zst
done
refuses 2 "--report and --trace" poolmap compress --report same --trace same in
# On a full disk the work is done, and the old report stays.
for number in {1..300}; do echo "$number" > "small$number"; done
work() {
    echo old > disk/report
    head -c 10000000 /dev/zero > disk/fill 2> /dev/null || true
    for option in --report --trace; do
        code=0
        poolmap hash -a sha256 $option disk/report small* > digests 2> said || code=$?
        ((code == 1)) || fail "exit code $code"
        one_error_line said "disk/report" "No space"
        (($(wc -l < digests) == 300))
        same_text old "$(< disk/report)"
        same_text "$(printf '%s\n' fill report)" "$(ls -A disk)"
    done
}
export -f work fail one_error_line same_text
with_small_disk 64k bash -c 'set -Eeuo pipefail; work'
# A killed run leaves the old one as well.
echo old > report
mkfifo pipe
start_from pipe poolmap compress -j 1 --report report -o out.zst
exec 4> pipe
text 1000 >&4
wait_until 20 grep -q . "/proc/$front/stat"
kill -TERM "$front"
expect_end 143 "$front"
exec 4>&-
same_text old "$(< report)"
no_file out.zst
