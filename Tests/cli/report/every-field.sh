# A report has each field of docs/report.md, with numbers that add up, for good and bad files of every command.
. "$CLI_LIB"
runs=0
# run CODE COMMAND OPTIONS… -- INPUTS…: keeps the files to validate in a separate folder, $run.
run() {
    local expected=$1 command=$2 code=0 options=()
    runs=$((runs + 1))
    run=runs/$runs
    mkdir -p "$run"
    shift 2
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    poolmap "$command" "${options[@]}" --report "$run/report" --trace "$run/trace" -- "$@" > out 2> said || code=$?
    ((code == expected)) || fail "exit code $code, expected $expected: $command $* said: $(< said)"
    printf '%s\0' "$command" "$code" "$@" > "$run/run"
}
mkdir in
odd=in/$'no\xff\xfeutf8\n"\\\x01\xc3\xa4'
noise 400000 > in/large
text 3000 > in/small
: > in/empty
text 700 > "$odd"
ln -s in/small link
for jobs in 1 2; do
    run 0 compress -j $jobs --chunk-size 64K -- in/{large,small,empty} "$odd"
    run 1 compress -j $jobs --chunk-size 64K --if-changed -- in/large none in/small link "$odd" in
    grep -q '"status": "ignored"' "$run/report"
    run 0 compress -j $jobs --chunk-size 64K --if-changed -- in/{large,small}
    (($(grep -c '"status": "unchanged"' "$run/report") == 2))
    run 0 test -j $jobs -- in/{large,small,empty}.zst "$odd.zst"
    cp in/large.zst damaged.zst
    patch damaged.zst 200000 1 2 3 4 5
    run 1 test -j $jobs -- damaged.zst in/small in/small.zst none
    run 1 decompress -j $jobs -f --output-dir back -- damaged.zst in/{large,small}.zst "$odd.zst" in/small
    run 1 decompress -j $jobs -f --salvage --output-dir back -- damaged.zst in/large.zst
    grep -q '"status": "salvaged"' "$run/report"
    run 0 hash -j $jobs -- in/{large,small,empty} "$odd"
    run 1 hash -j $jobs -a md5 -- none in/large in
    rm -r in/*.zst back
done
grep -Fq 'no\udcff\udcfeutf8\u000a\"\\\u0001ä' <(poolmap hash --report /dev/stdout "$odd") ||
    fail "the name is not as JSON has it"
# The workers are separate processes; with one job the front does the work itself.
run 0 compress -j 3 --chunk-size 64K -f -- in/large
(($(grep -o '"worker": [0-9]*' "$run/report" | sort -u | wc -l) >= 2))
run 0 compress -j 1 --chunk-size 64K -f -- in/large
(($(grep -o '"worker": [0-9]*' "$run/report" | sort -u | wc -l) == 1))
PYTHONUTF8=1 python3 -B "$CLI_FOLDER/report/validate.py" runs/*
