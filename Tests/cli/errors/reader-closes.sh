# A reader that closes the pipe ends poolmap quietly, and the exit status is not 0.
. "$CLI_LIB"
noise 3000000 > in
poolmap compress -q --chunk-size 64K in
zstd -q -o foreign.zst in
text 3000000 > lines
closes() {
    local status
    set +e +o pipefail
    "$@" 2> said | head -c 1 > /dev/null
    status=${PIPESTATUS[0]}
    set -e -o pipefail
    ((status == 141)) || fail "the status is $status, expected 141 as of SIGPIPE: $*"
    same_text "" "$(< said)"
}
for jobs in 1 2; do
    closes poolmap compress -j $jobs --chunk-size 64K -c in
    closes poolmap decompress -j $jobs -c in.zst
    closes poolmap decompress -j $jobs -c foreign.zst
    closes poolmap decompress -j $jobs -c in.zst in.zst foreign.zst
    closes poolmap cat -j $jobs in.zst
    closes poolmap compress -j $jobs --chunk-size 64K < in
    closes poolmap decompress -j $jobs < in.zst
    closes poolmap decompress -j $jobs < <(cat in.zst)
done
# Output as short as the help, where the reader has gone before it is written.
closed_at_once() {
    local status=0
    perl -e '
        pipe my $reader, my $writer;
        close $reader;
        open STDOUT, ">&", $writer;
        close $writer;
        exec @ARGV' "$@" 2> said || status=$?
    ((status == 141)) || fail "the status is $status, expected 141 as of SIGPIPE: $*"
    same_text "" "$(< said)"
}
poolmap hash in > sums
poolmap hash --manifest in > manifest
mkdir tree
for command in "help compress" --help --version "hash --help" "--generate-completion-script bash" "list in.zst" \
    "list --json in.zst" "compress --dry-run lines" "hash in" "hash --check sums" "hash --check manifest" "hash --manifest in" \
    "hash --tree tree" "hash --tree --list tree" "cat in.zst"; do
    # shellcheck disable=SC2086
    closed_at_once poolmap $command
done
# Lists too, if there are more lines than a pipe holds.
mkdir many
long=$(printf "x%.0s" {1..90})
for number in {1..1500}; do : > "many/$number-$long"; done
closes poolmap hash -j 2 many/*
poolmap compress -q --chunk-size 1K lines
closes poolmap list -v lines.zst
closes poolmap list -v --json lines.zst
