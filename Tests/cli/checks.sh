# Helpers for the cases in check/, which source this file after lib.sh.

# messages PROGRAM FILE: what a check said about lists on stderr, without what programs may phrase differently: their
# name, the kind of digest, and why a file cannot be read.
messages() {
    sed -En "s/^$1: //; s/^'standard input'/standard input/; s/formatted [A-Z0-9]+ checksum/formatted checksum/
        /^WARNING: |improperly formatted|no properly formatted|no file was verified\$/p" "$2"
}

# like TOOL ARGUMENT…: `poolmap hash --check` prints what `TOOL -c` prints, says the same about the lists on stderr, and
# has the same exit code. Both read $input if it is set.
like() {
    local tool=$1 expected=0 code=0
    shift
    "$tool" -c "$@" < "${input-/dev/null}" > "$CLI_NOTES/theirs" 2> "$CLI_NOTES/theirs.err" || expected=$?
    poolmap hash -j "${jobs-2}" -c "$@" < "${input-/dev/null}" > "$CLI_NOTES/ours" 2> "$CLI_NOTES/ours.err" || code=$?
    cmp -s "$CLI_NOTES/theirs" "$CLI_NOTES/ours" ||
        fail "$tool -c $*: $(diff "$CLI_NOTES/theirs" "$CLI_NOTES/ours" | cat -A)"
    ((code == expected)) || fail "$tool -c $*: exit code $code, expected $expected"
    diff <(messages "$tool" "$CLI_NOTES/theirs.err") <(messages poolmap "$CLI_NOTES/ours.err") ||
        fail "$tool -c $*: this was said"
}
