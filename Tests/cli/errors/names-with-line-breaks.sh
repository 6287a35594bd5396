# A file's name can neither split an error into two lines nor send control characters to the terminal.
. "$CLI_LIB"
name=$'first\npoolmap: second\e[31m'
refuses 1 "first" poolmap compress "$name"
refuses 1 "first" poolmap decompress "$name.zst"
refuses 1 "first" poolmap hash "$name"
refuses 1 "first" poolmap list "$name"
refuses 2 "" poolmap --unknown="$name"
! grep -q $'\e' "$CLI_NOTES/refusal" || fail "a control character was printed"
echo x > "$name"
poolmap compress "$name"
refuses 1 "first" poolmap compress "$name"
! grep -q $'\e' "$CLI_NOTES/refusal" || fail "a control character was printed"
