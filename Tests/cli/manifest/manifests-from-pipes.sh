# A manifest from a pipe, even a slow one, is checked with --manifest like a file, and leaves nothing in TMPDIR.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
noise 300000 > in
noise 9 > small
poolmap hash --manifest --chunk-size 1K -o manifest in small
mkdir temporary
export TMPDIR=$PWD/temporary
for jobs in 1 2; do
    says 0 $'in: OK\nsmall: OK' poolmap hash --check --manifest -j "$jobs" < <(cat manifest)
    says 0 $'in: OK\nsmall: OK' poolmap hash --check --manifest -j "$jobs" < manifest
    says 0 $'in: OK\nsmall: OK\nin: OK\nsmall: OK' poolmap hash --check --manifest -j "$jobs" manifest <(cat manifest)
done
same_text "" "$(ls -A temporary)"
# Nothing is printed before it is complete.
mkfifo slow
start poolmap hash --check --manifest -j 2 slow > said 2> errors
exec 3> slow
head -c 20000 manifest >&3
# Waits until poolmap has read all that there is.
is_drained() { perl -e 'my $count = pack "L", 0; ioctl STDIN, 0x541B, $count; exit(unpack("L", $count) > 0)' <> slow; }
wait_until "$soon" is_drained
[[ ! -s said ]] || fail "it said: $(< said)"
tail -c +20001 manifest >&3
exec 3>&-
expect_end 0 "$front"
same_text $'in: OK\nsmall: OK' "$(< said)"
refuses 1 "line 100 is the last one" poolmap hash --check --manifest < <(head -n 100 manifest) > said
[[ ! -s said ]]
# The file cannot be read from the same pipe as the manifest.
poolmap hash --manifest < in > of-input
says 1 "-: FAILED open or read" poolmap hash --check --manifest < of-input
one_error_line "$CLI_NOTES/errors" "standard input: is the manifest itself"
says 0 "-: OK" poolmap hash --check --manifest of-input < in
# TMPDIR does not exist.
TMPDIR=$PWD/none refuses 1 "is a pipe that cannot be copied to $PWD/none" poolmap hash --check --manifest < <(cat manifest)
