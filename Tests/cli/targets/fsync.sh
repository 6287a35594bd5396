# With --fsync a target is synced before it gets its name, and its folder afterwards; only then --rm removes an input.
. "$CLI_LIB"
mkdir in
text 3000 > in/small
text 5000 > in/second
noise 400000 > in/large
# calls COMMAND…: the relevant calls of all processes, in order, each with the paths of its descriptors.
calls() {
    rm -f calls
    strace -f -y -qq -o calls -e trace=fsync,fdatasync,linkat,rename,renameat,renameat2,unlink,unlinkat \
        poolmap compress --chunk-size 64K "$@" || fail "strace: $?: $*"
}
# order: checks for each target that its calls are in the right order; prints the number of targets.
order() {
    python3 - "$@" << 'END'
import re, sys
removes, targets = sys.argv[1] == "rm", sys.argv[2:]
# A call interrupted by another process has its name on one line and its result on another.
begun, lines = {}, []
for line in open("calls"):
    pid, text = line.rstrip("\n").split(None, 1)
    if text.endswith("<unfinished ...>"):
        begun[pid] = text[: -len("<unfinished ...>")]
        continue
    resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
    if resumed:
        text = begun.pop(pid) + resumed.group(1)
    if re.search(r"= 0$", text):
        lines.append((pid, text))
for target in targets:
    target = target.removeprefix("in/")
    name = target + ".zst"
    named = [i for i, (_, text) in enumerate(lines) if re.match(r"(link|rename)", text) and f'"{name}"' in text]
    assert len(named) == 1, (name, lines)
    at = named[0]
    pid = lines[at][0]
    own = [text for other, text in lines[:at] if other == pid]
    # The last thing its process did to a file is to sync it; before a rename there may be a link to a temporary name.
    while own and (own[-1].startswith("linkat") or own[-1].startswith("unlink")):
        own.pop()
    assert own and re.match(r"f(data)?sync\(\d+</", own[-1]), (name, lines)
    after = [(i, text) for i, (other, text) in enumerate(lines) if other == pid and i > at]
    folders = [i for i, text in after if re.match(r"fsync\(\d+<[^>]*/in>", text)]
    assert folders, ("the folder was not synced", name, lines)
    gone = [i for i, (_, text) in enumerate(lines) if re.match(r"unlink", text) and f'"{target}"' in text]
    assert len(gone) == (1 if removes else 0), (target, lines)
    assert not removes or folders[0] < gone[0], ("removed before its target was on disk", lines)
print(len(targets))
END
}
files=(in/small in/second in/large)
for jobs in 1 2; do
    calls -j $jobs --fsync "${files[@]}"
    same_text 3 "$(order keep "${files[@]}")"
    calls -j $jobs --fsync -f "${files[@]}"
    same_text 3 "$(order keep "${files[@]}")"
    cp -r in kept
    calls -j $jobs --rm -f "${files[@]}"
    same_text 3 "$(order rm "${files[@]}")"
    no_file "${files[@]}"
    rm -r in
    mv kept in
    rm in/*.zst
done
# Without it nothing waits for the disk.
calls -j 2 "${files[@]}"
(($(grep -c sync calls) == 0)) || fail "it syncs without being asked"
# A target that --if-changed leaves alone may not be on disk yet when its input is to be removed.
removed_after_sync() {
    name=$1 perl -ne '
        $file = $. if /sync\(\d+<[^>]*in\/$ENV{name}\.zst>/;
        $folder = $. if /sync\(\d+<[^>]*\/in>/ && $file;
        $gone = $. if /unlink.*"$ENV{name}"/;
        END { exit !($file && $folder && $gone && $folder < $gone) }' calls || fail "removed without a sync: $(< calls)"
}
calls -j 2 --if-changed --rm in/small
removed_after_sync small
calls -j 2 --if-changed --rm --resume -o in/second.zst in/second
removed_after_sync second
# If no name can be given nothing is removed.
mkdir in/other
text 100 > in/other/x
mkdir in/other/x.zst
expect_exit 1 strace -f -qq -o calls -e trace=unlink,unlinkat poolmap compress -j 2 --rm in/other/x 2> said
[[ -e in/other/x ]]
(($(grep -c '"x"' calls) == 0))
