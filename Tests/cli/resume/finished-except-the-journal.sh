# Killed between the rename and the removal of the journal: the next run sees that the target is complete.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
for check in --check --no-check; do
    # Large enough that the condition is noticed before the end even on a busy machine.
    real_data 4000000 > in
    poolmap compress -q -19 --chunk-size 64K $check -f -o reference in
    # A target that appears during the run stops it just before its rename: everything but the name is there.
    start_slowly 2 $check -j 2
    echo "someone else's" > out
    wait_gone 20 "$front"
    expect_exit 1 wait "$front"
    same_file reference out.partial
    mv out.partial out
    cp out.resume kept.resume
    before=$(stat -c '%i %s %y %z' out)
    poolmap "${command[@]}" $check -v -o out in 2> said
    grep -qx "in: out was already complete" said
    is_whole
    same_text "$before" "$(stat -c '%i %s %y %z' out)"
    # Not if it is another file, in its end or its size.
    for change in "patch out -30 255" "truncate -s -1 out" "truncate -s +1 out" "patch out 20 255"; do
        cp kept.resume out.resume
        cp -p reference out
        $change
        refuses 1 "in: out already exists" poolmap "${command[@]}" $check -o out in
        no_file out.resume
        cp kept.resume out.resume
        resumes_saying "starting over: out.partial is missing" -f $check
    done
    # Nor if the input has changed since.
    cp kept.resume out.resume
    touch in
    refuses 1 "in: out already exists" poolmap "${command[@]}" $check -o out in
    # With --rm an input that was written since stays, even if its time does not show it.
    touch -r reference in
    cp in kept.in
    patch in 500000 1 2 3
    touch -r reference in
    cp kept.resume out.resume
    refuses 1 "in: not removed: it differs from the content of out" poolmap "${command[@]}" $check --rm -o out in
    [[ -f in ]] || fail "the input was removed"
    same_file reference out
    cp kept.in in
    # Otherwise the input is removed now.
    touch -r reference in
    cp kept.resume out.resume
    silently poolmap "${command[@]}" $check --rm -o out in
    no_file in
    is_whole
    rm out
done
