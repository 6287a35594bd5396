# A file or manifest that changes while it is read is an error: no section, and no result.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
mkfifo slow
real_data 6000000 > good
cp good in
manifest_of sha256 65536 in > of-in
cp "$CLI_LIB" contents
manifest_of blake3 1048576 - | sed 's/^file .*/file slow/' | head -n -1 > of-slow
echo "end $(b3sum --no-names < of-slow)" >> of-slow
has_open() { find "/proc/$front/fd" -lname "$PWD/$1" 2> /dev/null | grep -q .; }
# begin FILE COMMAND…: waits until the command, which reads slow first, has opened FILE; slow is open for writing as 3.
begin() {
    "${@:2}" > said 2> errors &
    front=$!
    exec 3> slow
    wait_until 20 has_open "$1"
}
# go_on: writes the content of slow.
go_on() {
    cat "$CLI_LIB" >&3
    exec 3>&-
    expect_exit 1 wait "$front"
}
for jobs in 1 2; do
    for change in "truncate -s 6000001" "truncate -s 5000000" "touch -d 1970-01-02"; do
        begin in poolmap hash --manifest -j "$jobs" slow in
        $change in
        go_on
        grep -qx "poolmap: in: \(changed\|became shorter\) while it was read" errors
        cmp said of-slow
        cp good in
        begin in poolmap hash --check -j "$jobs" of-slow of-in
        $change in
        go_on
        grep -qx "poolmap: in: \(changed\|became shorter\) while it was read" errors
        same_text $'slow: OK\nin: FAILED open or read' "$(< said)"
        cp good in
    done
    # The manifest itself changes.
    cp of-slow again
    begin again poolmap hash --check -j "$jobs" again
    echo >> again
    go_on
    one_error_line errors "slow: again changed while it was read"
    same_text "slow: FAILED open or read" "$(< said)"
done
