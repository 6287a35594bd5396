# A chunk's standard error is printed whole, in order, with prefixes; as objects with --json; not at all with -qq.
. "$CLI_LIB"
seq 1000 1999 > in
says='echo "first of $POOLMAP_CHUNK_INDEX" >&2; sleep 0.00$POOLMAP_CHUNK_INDEX; printf "last of %s" $POOLMAP_CHUNK_INDEX >&2; cat'
for index in 0 1 2 3 4; do printf "in: chunk $index: %s of $index\n" first last; done > expected
for jobs in 1 5; do
    run=(poolmap map -j $jobs --lines --chunk-size 1000)
    "${run[@]}" in -- sh -c "$says" > out 2> said
    same_file in out
    same_file expected said
    "${run[@]}" -q in -- sh -c "$says" 2>&1 > /dev/null | cmp - expected
    same_text "" "$("${run[@]}" -qq in -- sh -c "$says" 2>&1 > /dev/null)"
    "${run[@]}" -- sh -c "$says" < <(cat in) 2>&1 > /dev/null | sed 's/^standard input: /in: /' | cmp - expected
    "${run[@]}" --json in -- sh -c "$says" > out 2> said
    python3 -c '
import json
lines = [json.loads(line) for line in open("said")]
assert lines == [{"stderr": f"{word} of {index}", "file": "in", "chunk": index}
                 for index in range(5) for word in ("first", "last")], lines'
    # A failure is reported after the command's own lines, with its byte range.
    code=0
    "${run[@]}" -o new in -- sh -c 'cat > /dev/null; [ $POOLMAP_CHUNK_INDEX != 1 ] || { echo "no good" >&2; exit 3; }' 2> said || code=$?
    ((code == 1))
    diff - said <<'END2'
in: chunk 1: no good
poolmap: in: chunk 1 (bytes 1005 to 2004): sh exited with code 3
END2
    code=0
    "${run[@]}" --json -o new in -- sh -c '[ $POOLMAP_CHUNK_INDEX != 1 ] || exit 3' 2> said || code=$?
    ((code == 1))
    python3 -c '
import json
assert json.load(open("said")) == {"error": "failed", "file": "in", "errno": None,
                                   "message": "chunk 1 (bytes 1005 to 2004): sh exited with code 3"}'
    code=0
    "${run[@]}" -qq -o new in -- sh -c 'echo x >&2; exit 3' 2> said || code=$?
    ((code == 1))
    same_text 0 "$(size_of said)"
done
no_file new
# Invalid UTF-8 is unchanged, and nothing of a long line is lost.
poolmap map --chunk-size 1M in -- sh -c 'printf "a\377b\n\n" >&2; head -c 100000 /dev/zero | tr "\0" x >&2' 2> said
printf 'in: chunk 0: a\377b\nin: chunk 0: \n' | cmp - <(head -n 2 said)
same_text 100000 "$(tail -n +3 said | sed 's/^in: chunk 0: //' | tr -d '\n' | wc -c)"
# The messages of all attempts are printed.
poolmap map --retries 1 --chunk-size 1M in -- sh -c 'echo try >&2; [ -e tried ] || { : > tried; exit 1; }' 2> said
same_text 2 "$(grep -c '^in: chunk 0: try$' said)"
