# --halt decides about the other chunks once some have failed: now, soon, never, after a count or a percentage.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 17999 > in
# Chunk 0 fails once chunk 1 runs; chunk 1 ends when it is allowed to, and all others are quick.
cat > command <<'END2'
#!/bin/bash
: > "begun-$POOLMAP_CHUNK_INDEX"
echo $$ > "group-$POOLMAP_CHUNK_INDEX"
case $POOLMAP_CHUNK_INDEX in
    0) until [[ -e begun-1 ]]; do sleep 0.01; done; exit 3 ;;
    1) [[ -z $HANG ]] || sleep 1000
       until [[ -e may-end ]]; do sleep 0.01; done; : > ended-1 ;;
esac
cat
END2
chmod 755 command
begun() { find . -name 'begun-*' | wc -l; }
anew() { rm -f begun-* group-* ended-* may-end said; }
# run CODE OPTION…
run() {
    local expected=$1 code=0
    shift
    poolmap map -j 2 --chunk-size 2K -o out "$@" in -- ./command 2> said || code=$?
    ((code == expected)) || fail "exit code $code: $* said: $(< said)"
    no_groups_of group-* || fail "commands are left: $*"
}
export HANG=yes
# now, also the default: chunk 1, which would never end, is killed, and few others are started.
for options in "--halt now" "" "--halt 1" "--retries 0"; do
    anew
    # shellcheck disable=SC2086
    run 1 $options
    # With a count, every failed chunk is reported.
    [[ $options == "--halt 1" ]] || one_error_line said "in: chunk 0 (bytes 0 to 2047): ./command exited with code 3"
    grep -q '^poolmap: in: chunk 0 (bytes 0 to 2047): ./command exited with code 3$' said
    (($(begun) < 15)) || fail "$(begun) were begun with $options"
    no_file out ended-1
done
export HANG=
# soon: running commands finish, and no other is started.
anew
start poolmap map -j 2 --chunk-size 2K -o out --halt soon in -- ./command 2> said
wait_until 20 exist 1 begun-1
: > may-end
expect_exit 1 wait "$front"
one_error_line said "in: chunk 0 (bytes 0 to 2047): ./command exited with code 3"
[[ -e ended-1 ]] || fail "the command of chunk 1 did not finish"
no_file out
# never: all are run, each failure is reported, and nothing is published.
anew
: > may-end
run 1 --halt never
same_text 24 "$(begun)"
grep -q '^poolmap: in: chunk 0 (bytes 0 to 2047): ./command exited with code 3$' said
grep -q '^poolmap: in: 1 of 24 chunks failed$' said
no_file out
# --keep-going publishes the other outputs.
anew
: > may-end
run 1 --keep-going
same_text 24 "$(begun)"
one_error_line said "in: chunk 0 (bytes 0 to 2047): ./command exited with code 3"
part in 2048 100000 | cmp - out
rm out
# After a count, or a percentage of the finished ones, at least three.
for halt in 5 50%; do
    rm -f ran-*
    code=0
    poolmap map -j 1 --chunk-size 1K -o out --halt $halt in 2> said -- \
        sh -c ': > ran-$POOLMAP_CHUNK_INDEX; [ $POOLMAP_CHUNK_INDEX -lt 4 ]' || code=$?
    ((code == 1))
    failed=$([[ $halt == 5 ]] && echo 5 || echo 4)
    count=$(find . -name 'ran-*' | wc -l)
    ((count >= 4 + failed && count <= 4 + failed + 3)) || fail "$count were run with --halt $halt: $(< said)"
    (($(grep -c 'chunk [0-9]* .*sh exited with code 1' said) >= failed)) || fail "--halt $halt said: $(< said)"
    no_file out
done
# Below the limit all are run, and all failures are reported.
code=0
poolmap map -j 1 --chunk-size 1K -o out --halt 90% in -- sh -c '[ $POOLMAP_CHUNK_INDEX != 9 ]' 2> said || code=$?
((code == 1))
grep -q '^poolmap: in: chunk 9 (bytes 9216 to 10239): sh exited with code 1$' said
no_file out
# Each unfinished input is reported once, in the order of the inputs, and also in the report.
for number in 1 2 3 4 5 6 7 8; do cp in in-$number; done
for options in "" "--halt now" "--halt soon"; do
    for jobs in 1 2; do
        code=0
        # shellcheck disable=SC2086
        poolmap map -j $jobs --chunk-size 20K $options --report report -o out missing in-* 2> said -- \
            sh -c '[ "$POOLMAP_INPUT" != in-2 ] || exit 3; cat' || code=$?
        ((code == 1))
        no_file out
        same_text "missing in-2 in-3 in-4 in-5 in-6 in-7 in-8" \
            "$(sed -n 's/^poolmap: \([^:]*\): .*/\1/p' said | grep -v in-1 | xargs)"
        grep -q '^poolmap: in-2: chunk [0-9]* (.*): sh exited with code 3$' said
        grep -q '^poolmap: in-8: not started, because a chunk of another input failed$' said
        python3 - <<'END2'
import json
files = json.load(open("report"))["files"]
assert [file["input"] for file in files] == ["missing"] + [f"in-{number}" for number in range(1, 9)], files
assert all(file["status"] == "failed" for file in files if file["input"] != "in-1"), files
END2
    done
done
# It does not wait for a list that still grows.
mkfifo list
start poolmap map -j 2 --chunk-size 20K -o out --files-from list 2> said -- false
exec {feed}> list
printf 'in-1\nin-2\n' >&"$feed"
expect_exit 1 wait "$front"
exec {feed}>&-
grep -q 'chunk [01] .*: false exited with code 1$' said
