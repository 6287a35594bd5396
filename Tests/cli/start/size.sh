# The program does not contain libraries that it does not use: without symbols it has less than 14 MB.
. "$CLI_LIB"
file -L "$POOLMAP" | grep -q 'statically linked' || skip "this program is not static"
strip -o stripped "$POOLMAP"
bytes=$(stat -c %s stripped)
((bytes < 14000000)) || fail "the program has $bytes bytes without symbols; Sources/CPoolmap/foundation.c says what to look for"
# What the release leaves out is refused like any unknown option.
expect_exit 2 poolmap --experimental-dump-help > out 2> err
[[ ! -s out && $(< err) == "poolmap: unknown option '--experimental-dump-help'" ]] || fail "it says: $(cat out err)"
[[ $(poolmap --version) == "$(poolmap compress --version)" ]] || fail "two answers to --version"
