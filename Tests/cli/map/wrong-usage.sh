# Invalid values, options that exclude each other and a missing command or cut are one line and exit code 2.
. "$CLI_LIB"
text 1000 > in
refused() {
    refuses 2 "" poolmap map "$@" in -- touch ran < /dev/null > out
    same_text 0 "$(size_of out)"
}
# No cut, or several.
refused
for pair in "--lines -0" "--lines --record-size 3" "-0 --separator x" "--separator x --record-size 5" "--csv --lines" "--csv --record-start x" \
    "--record-start x --record-size 3"; do
    # shellcheck disable=SC2086
    refused $pair
done
for size in 0 x -1 "" 1.5 2G 1073741825 99999999999999999999 " 1M" 0x10; do
    refused --chunk-size "$size"
    refused --chunk-size="$size"
    refused --record-size "$size"
    refused --lines --max-record "$size"
done
for size in x -1 "" 99999999999999999999; do refused --lines --memory "$size"; done
for expression in "" '(' '[' '*{' 'a{2,1}'; do refused --record-start "$expression"; done
for count in "" 0 -1 x 1000000001 1.5; do refused --lines --records "$count"; done
refused --records 5
refused --chunk-size 1K --records 5
refused --record-size 1M --records 2000
refused --chunk-size 1K --max-record 1K
for separator in "" '\' '\q' '\x' '\x1' '\xgg' 'a\'; do
    refused --separator "$separator"
    refused --separator="$separator"
done
for count in x -1 "" 1000001 1.5 99999999999999999999; do
    refused --lines --header "$count"
    refused --lines --output-header "$count"
    refused --lines --retries "$count"
    refused --lines --retries="$count"
done
for codes in "" x -1 256 1, ,1 "1 2" 1-5; do refused --lines --success-codes "$codes"; done
for time in "" 0 x -1 1x s 1e3 1.2.3 5M 99999999999999999999d; do refused --lines --timeout "$time"; done
for halt in "" 0 0% 101% later -1 1.5 % 99999999999999999999 NOW; do refused --lines --halt "$halt"; done
for jobs in x 0x1 -1 1025 ""; do refused --lines -j "$jobs"; done
refused --lines --unknown
refused --lines -Z
refused --lines -l
refused --lines --no-check
refused --lines --unordered=yes
refused --lines --shell=yes
no_file ran
# No command; or only an apparent one.
for words in "--lines in" "--lines in --" "--lines in cat" "--lines"; do
    # shellcheck disable=SC2086
    refuses 2 "missing command" poolmap map $words < /dev/null
done
refuses 2 "" poolmap map --lines - - -- cat < /dev/null
refuses 2 "" poolmap map --lines -o < /dev/null
# Everything after -- is the command's, and nothing before it is.
same_text "-Z --halt x" "$(poolmap map --lines in -- echo -Z --halt x)"
same_text 1000 "$(poolmap map in --lines -j2 -- wc -c)"
