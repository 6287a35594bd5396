# A reader that closes the pipe ends the command by SIGPIPE, without a message.
. "$CLI_LIB"
noise 3000000 > in
poolmap hash --manifest -a sha256 --chunk-size 1K -o manifest in
# into_closed COMMAND…: runs it with a standard output that has no reader.
into_closed() {
    perl -e 'pipe my $read, my $write; open STDOUT, ">&", $write; close $read; close $write; exec @ARGV' "$@"
}
for jobs in 1 2; do
    for command in "--manifest --chunk-size 1K -a sha256 in" "--check manifest manifest"; do
        # shellcheck disable=SC2086
        expect_exit 141 into_closed poolmap hash -j "$jobs" $command 2> errors
        [[ ! -s errors ]] || fail "it said: $(< errors)"
    done
done
