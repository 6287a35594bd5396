# Compressed data is not written to a terminal without -f; restored data is.
. "$CLI_LIB"
echo "some text" > in
poolmap compress -q in
on_terminal() { script -qec "$*" /dev/null < /dev/null | tr -d '\r'; }
for command in "poolmap compress -c in" "poolmap < in" "poolmap -c - < in" "poolmap -o - in"; do
    expect_exit 2 on_terminal "$command" > seen
    one_error_line seen terminal
done
on_terminal "poolmap -dc in.zst" > seen
same_file in seen
on_terminal "poolmap -d < in.zst" > seen
same_file in seen
on_terminal "poolmap cat in.zst" > seen
same_file in seen
script -qec "poolmap compress -c -f in" /dev/null < /dev/null > forced
LC_ALL=C grep -qaP '^\x28\xb5\x2f\xfd' forced
# If the target is a file, the terminal does not matter.
on_terminal "poolmap compress -f in" > seen
same_text 0 "$(size_of seen)"
