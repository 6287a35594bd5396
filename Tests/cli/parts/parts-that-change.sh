# A part that changes while it is joined is an error that names it, and no part is removed; renaming is no change.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
noise 6000000 > in
touch -d 2001-01-01 in
poolmap compress -q --chunk-size 256K -o whole in
mkdir kept
silently each_part 2 poolmap compress --chunk-size 256K -o kept/out in
silently each_part 2 poolmap hash -a crc32 -o kept/digests in
silently poolmap hash -a crc32 -o lines in

# start_join TARGET FILE WHEN: stops each process at its WHENth read of the file, except the front.
start_join() {
    rm -f out* digests*
    cp -p kept/* .
    start_stopping "$2" "$3" poolmap join -j 2 --rm "$1".part-{1,2}-of-2 > said 2>&1
    find_traced
}
# A worker is at the first part, which the front passes.
is_copying() {
    kill -CONT "$front"
    for worker in $(worker_pids "$front"); do
        ! grep -q "^$worker " trace || return 0
    done
    return 1
}
ends() {
    continue_stopped "$tracer"
    expect_exit "$1" wait "$tracer"
}

grows() { echo >> "$1"; }
is_cut() { truncate -s 100000 "$1"; }
is_emptied() { : > "$1"; }
is_written() { patch "$1" 2000000 1 2 3; }
is_touched() { touch "$1"; }
is_written_and_set_back() { patch "$1" 2000000 1 2 3 && touch -d 2001-01-01 "$1"; }
for part in out.part-1-of-2 out.part-2-of-2; do
    for change in grows is_cut is_emptied is_written is_touched is_written_and_set_back; do
        start_join out out.part-1-of-2 1
        wait_until 20 is_copying
        $change $part
        ends 1
        one_error_line said "out: $part "
        no_file out
        # --rm has not begun to remove parts.
        ls out.part-{1,2}-of-2 > "$CLI_NOTES/all"
    done
done
# The name now leads to another file, or none. If the front has opened the part, it joins it; otherwise it fails.
is_removed() { rm "$1"; }
is_another() { cp -p "$1" other && mv other "$1"; }
for change in is_removed is_another; do
    start_join out out.part-1-of-2 1
    wait_until 20 is_copying
    $change out.part-2-of-2
    ends 1
    # Finally it cannot be removed.
    one_error_line said "out: out.part-2-of-2"
    [[ ! -e out ]] || same_file whole out
    [[ -e out.part-1-of-2 ]] || same_file whole out
done

# ---- Digest parts, which the front reads

for change in grows is_emptied is_touched; do
    start_join digests digests.part-2-of-2 1
    # Stopped between its two checks of the second part.
    wait_until 20 grep -q "^$front " trace
    $change digests.part-2-of-2
    ends 1
    one_error_line said "digests: digests.part-2-of-2"
    no_file digests
done
