# If a worker is killed while its command runs, the command's group ends with it, and the output is the same in the end.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 19999 > in
cat > command <<'END2'
#!/bin/bash
# The first time it waits, with children, until it is killed.
if [[ ! -e first-$POOLMAP_CHUNK_INDEX ]]; then
    sleep 1000 &
    echo $$ > new-$$
    mv new-$$ "first-$POOLMAP_CHUNK_INDEX"
    head -n 3
    sleep 1000
fi
cat
END2
chmod 755 command
for source in file pipe; do
    rm -f first-* killed-*
    if [[ $source == file ]]; then
        start poolmap map -j 2 --lines --chunk-size 24K -o out -f in -- ./command 2> said
    else
        start poolmap map -j 2 --lines --chunk-size 24K -o out -f - -- ./command < <(cat in) 2> said
    fi
    while :; do
        # Each hanging command belongs to a worker, its parent.
        for file in first-*; do
            [[ -e $file && ! -e killed-$file ]] || continue
            worker=$(ps -o ppid= -p "$(< "$file")" || true)
            [[ -z $worker ]] || kill -KILL $worker
            : > "killed-$file"
        done
        is_running "$front" || break
        sleep 0.02
    done
    expect_exit 0 wait "$front"
    same_file in out
    killed=(killed-first-*)
    ((${#killed[@]} == 3)) || fail "${#killed[@]} workers were killed"
    wait_until $soon no_groups_of first-*
    rm -f first-* killed-*
done
# One that is killed every time is an error that names the chunk.
rm -f first-* killed-*
code=0
poolmap map -j 2 --lines --chunk-size 24K -o new in 2> said -- sh -c '
    [ $POOLMAP_CHUNK_INDEX = 1 ] || exec cat
    echo $$ > group
    sleep 1000 &
    kill -KILL $PPID
    wait' || code=$?
((code == 1))
one_error_line said "in: chunk 1 (bytes " SIGKILL
no_file new
wait_until $soon no_groups_of group
# Quick chunks share a task: the one that kills its worker every time is found, and the others are not affected.
seq 10000 19999 > in
for options in "" "--reduce sum"; do
    code=0
    # shellcheck disable=SC2086
    poolmap map -j 2 --lines --chunk-size 100 --keep-going $options in > out 2> said -- sh -c '
        [ $POOLMAP_CHUNK_INDEX != 400 ] || kill -KILL $PPID
        cat' || code=$?
    ((code == 1))
    grep -q "^poolmap: in: chunk 400 (bytes .*SIGKILL" said || fail "it said: $(< said)"
    ((failed = $(grep -c '^poolmap: in: chunk' said))) || true
    same_text 1 "$failed"
    # The chunk begins after the first line end at or after its cut.
    sed 's/^/k /' in | awk '{ start = at; at += 6 } !(start >= 40002 && start < 40104) { print $2 }' > rest
    if [[ -n $options ]]; then
        same_text "$(awk '{ s += $1 } END { printf "%.0f", s }' rest)" "$(< out)"
    else
        same_file rest out
    fi
done
