# Killed again and again, a few frames further each time, it finishes, with the same bytes.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
# The last killed run has 50 chunks or more to go, so that the signal meets it even on a busy machine.
real_data 8000000 > in
poolmap "${command[@]}" -q -o reference in
chunks=$(((8000000 + 65535) / 65536))
runs=0
while (($(records out) < chunks - 60)); do
    runs=$((runs + 1))
    start_slowly $(($(records out) + 8)) -j $((1 + runs % 3))
    interrupt KILL 9
    same_text "" "$(< said)"
done
((runs > 2)) || fail "it was not interrupted often enough: $runs times"
resumes $((chunks - 60)) -j 2
