# The helpers of lib.sh fail if their expectation is not met.
. "$CLI_LIB"

must_fail() {
    local code=0
    ("$@") > /dev/null 2>&1 || code=$?
    ((code != 0)) || { echo "did not fail: $*" >&2; exit 1; }
}
says() { printf '%b' "$2" >&2; return "$1"; }

echo one > a
echo two > b
must_fail same_file a b
must_fail same_text one two
must_fail no_file a
must_fail only_files a
must_fail only_files a b c
must_fail expect_exit 1 true
must_fail silently says 0 'a line\n'
must_fail silently false
must_fail refuses 1 a true
must_fail refuses 1 a says 1 ''
must_fail refuses 1 a says 2 'poolmap: a: no\n'
must_fail refuses 1 a says 1 'poolmap: b: no\n'
must_fail refuses 1 a says 1 'zstd: a: no\n'
must_fail refuses 1 a says 1 'poolmap: a: no\nand more\n'
refuses 1 a says 1 'poolmap: a: no\n'
same_file a a
only_files a b

sleep 60 < /dev/null > /dev/null 2>&1 &
sleeper=$!
must_fail wait_gone 1 "$sleeper"
must_fail expect_end 0 "$sleeper"
is_running "$sleeper"
kill -KILL "$sleeper"
wait_gone 1 "$sleeper"
must_fail is_running "$sleeper"

same_text "$(text 100000 | cksum)" "$(text 100000 | cksum)"
same_text "$(noise 100001 | cksum)" "$(noise 100001 | cksum)"
same_text 100001 "$(noise 100001 | wc -c)"
# noise does not compress.
(($(noise 100000 | zstd -19 | wc -c) > 100000))
printf abcdef > c
patch c 1 88 89
patch c -1 90
same_text aXYdeZ "$(< c)"
same_text "1 2 3 4" "$(u32 0x04030201)"
