# A manifest with any line changed, deleted, duplicated or moved, or cut anywhere, is one error with a line number.
# None of its files is read.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
noise 5000 > first
noise 700 > second
poolmap hash --manifest -a crc32 --chunk-size 1K -o good first second
says 0 $'first: OK\nsecond: OK' poolmap hash --check --manifest good
mkdir bad
python3 - << 'END'
lines = open("good").read().splitlines(keepends=True)
number = 0
def save(text, note):
    global number
    if isinstance(text, list): text = "".join(text)
    number += 1
    open(f"bad/{number:04}-{note}", "w", newline="").write(text)
for index, line in enumerate(lines):
    before, behind = lines[:index], lines[index + 1:]
    place = f"{index + 1}"
    save(before + behind, place + "-deleted")
    save(before + [line, line] + behind, place + "-doubled")
    if behind and behind[0] != line:
        save(before + [behind[0], line] + behind[1:], place + "-swapped")
    save(before + ["\n", line] + behind, place + "-empty-line")
    fields = line[:-1].split(" ")
    for field in range(len(fields)):
        for note, value in [
            ("gone", None), ("empty", ""), ("longer", fields[field] + "0"), ("zero", "0" + fields[field]),
            ("changed", fields[field][:-1] + chr(ord(fields[field][-1]) ^ 1)), ("plus", "+" + fields[field]),
            ("upper", fields[field].upper()), ("cut", fields[field][:-1]), ("nine", "9" * 30), ("minus", "-1"),
        ]:
            changed = fields[:field] + ([] if value is None else [value]) + fields[field + 1:]
            if changed != fields:
                save(before + [" ".join(changed) + "\n"] + behind, f"{place}-{field}-{note}")
    for note, value in [("space", line[:-1] + " \n"), ("return", line[:-1] + "\r\n"), ("joined", line[:-1]),
                        ("tab", line.replace(" ", "\t", 1)), ("spaces", line.replace(" ", "  ", 1)),
                        ("indented", " " + line), ("nul", line[:-1] + "\0\n"), ("escape", line[:-1] + "\\x\n")]:
        save(before + [value] + behind, f"{place}-{note}")
text = "".join(lines)
border = text.index("poolmap", 1)
for length in range(1, len(text)):
    if length != border: save(text[:length], "cut")
save(text + "x", "more")
save(text + "\n", "more")
save(text + "0 1 00000000\n", "more")
save(text + "poolmap manifest 2\n" + "".join(lines[1:]), "more")
save(text + "x" * 100000, "long-line")
save("poolmap manifest 1\nalgorithm crc32\nchunk-size 1024\nfile " + "x" * 100000 + "\n", "long-name")
END
(($(find bad -type f | wc -l) > 900)) || fail "too few kinds of damage"
refuse_all() {
    python3 - "$@" << 'END'
import os, re, subprocess, sys
failures = []
files = sorted(os.listdir("bad"))
# All in one run: each is reported in turn.
run = subprocess.run(["poolmap", "hash", "--check", "--manifest", *sys.argv[1:]] + ["bad/" + name for name in files], capture_output=True)
if run.returncode != 1 or run.stdout: sys.exit(f"code {run.returncode}, stdout {run.stdout[:500]}")
lines = run.stderr.decode().splitlines()
if len(lines) != len(files): sys.exit(f"{len(lines)} errors of {len(files)} manifests")
for name, line in zip(files, lines):
    if not re.match(rf"poolmap: bad/{name}: (line [0-9]+ |is not a manifest)", line): failures.append(line)
    first = open("bad/" + name, "rb").read(17) == b"poolmap manifest "
    if first != (": line " in line): failures.append(line)
    place = re.match(r"[0-9]+-([0-9]+)-(?:[0-9]-)?(changed|doubled|upper|nine|minus|tab|return|gone)", name)
    if place and first and ": line " in line:
        told = int(re.search(": line ([0-9]+) ", line)[1])
        # A line that is valid by itself is reported at the line that depends on it.
        if told < int(place[1]): failures.append(line)
if failures: sys.exit("\n".join(failures[:10]))
END
}
for jobs in 1 2; do
    refuse_all -j "$jobs"
done
# The files were not even opened.
strace -f -qq -e trace=openat,open,stat,newfstatat -o trace poolmap hash --check --manifest bad/0900-* > said 2> errors || true
[[ ! -s said ]] || fail "it said: $(< said)"
! grep -q '"first"\|"second"' trace || fail "a file was opened: $(grep '"first"' trace)"
# One bit of each byte.
rm -r bad
flip_each_bit good bad
refuse_all
# Another manifest after it is still checked.
says 1 $'first: OK\nsecond: OK' poolmap hash --check --manifest "bad/00050-3" good
one_error_line "$CLI_NOTES/errors" bad/00050-3
# A future version.
sed 1s/1/2/ good > future
refuses 1 "version 2" poolmap hash --check --manifest future
# Files that are not manifests.
: > empty
refuses 1 "empty: is not a manifest" poolmap hash --check --manifest empty
refuses 1 "first: is not a manifest" poolmap hash --check --manifest first
refuses 1 "none: No such file" poolmap hash --check --manifest none
