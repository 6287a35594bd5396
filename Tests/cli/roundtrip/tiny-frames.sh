# Frames of a few bytes go to the workers together: the output is the same, and an error names the frame.
. "$CLI_LIB"
cat > make.py << 'END'
import struct, subprocess
def frame(content, sized=True, kind=0):
    # With one segment and a content size, or with a window and no size; stored uncompressed.
    head = b"\x28\xb5\x2f\xfd" + (b"\xa0" + struct.pack("<I", len(content)) if sized else b"\x00\x38")
    return head + struct.pack("<I", len(content) << 3 | 1)[:3] + content
def write(name, contents, make=frame):
    contents = list(contents)
    open(name + ".zst", "wb").write(b"".join(make(content) for content in contents))
    open(name, "wb").write(b"".join(contents))
text = lambda number, size: (b"%d," % number * size)[:size]
write("empty", [b""] * 20000)
write("one", (text(number, 1) for number in range(100000)))
write("hundred", (text(number, 100) for number in range(20000)))
write("unsized", (text(number, 100) for number in range(5000)), lambda content: frame(content, False))
write("apart", (text(number, 10) for number in range(5000)), lambda content: b"\x53\x2a\x4d\x18\x03\0\0\0abc" + frame(content))
# Among them frames that are worth their own message.
write("mixed", (text(number, 100000 if number % 500 == 499 else number % 300) for number in range(5000)))
write("medium", (text(number, 65000 + number % 1000) for number in range(100)))
END
python3 make.py
text 5000000 > own
poolmap compress -q --chunk-size 1K -o own.zst own
text 300000 > joined
for size in 1K 7K 70K; do poolmap compress -q -c --chunk-size $size joined; done > joined.zst
cat joined joined joined > thrice && mv thrice joined
{ noise 1500000; text 1500000; } > rows
poolmap compress -q --chunk-size 90K -o rows.zst rows
text 100000 > sections
split -a 4 -b 200 sections section.
poolmap compress -q section.*
cat section.*.zst > sections.zst
rm section.*
for name in empty one hundred unsized apart mixed medium own rows sections joined; do
    for jobs in 1 2; do
        silently poolmap decompress -j $jobs -f -o out $name.zst
        same_file out $name "$name -j $jobs"
        silently poolmap decompress -j $jobs -c $name.zst | cmp - $name
        cat $name.zst | silently poolmap decompress -j $jobs | cmp - $name
    done
    cat $name.zst | silently poolmap decompress -j 2 -f -o out
    same_file out $name "$name from a pipe"
    silently poolmap test $name.zst
    silently poolmap decompress --salvage -f -o out $name.zst
    same_file out $name "$name, salvaged"
    size=$(size_of $name)
    for offset in 0 $((size / 3)) $((size - size / 7)); do
        silently poolmap cat --offset $offset --length 1234 $name.zst | cmp - <(part $name $offset 1234)
    done
    same_text "$(poolmap list --json $name.zst | grep -o '"frames": [0-9]*')" \
        "\"frames\": $(poolmap list -v $name.zst | grep -c '^  frame ')"
done

# Together: far fewer tasks than frames, and all frames are counted.
poolmap test -j 2 --report report one.zst
python3 -c '
import json
chunks = json.load(open("report"))["files"][0]["chunks"]
assert len(chunks) < 100, len(chunks)
assert sum(chunk["count"] for chunk in chunks) == 100000
assert [chunk["index"] for chunk in chunks] == [sum(c["count"] for c in chunks[:i]) for i in range(len(chunks))]'

# The content before the damage is printed, and the message names the frame.
cp hundred.zst bad.zst
patch bad.zst $((112 * 12345 + 5)) 101
for jobs in 1 2; do
    refuses 1 'bad.zst: frame 12345 (bytes 1382640 to 1382751): ' poolmap decompress -j $jobs -c bad.zst > out
    cmp out <(head -c 1234500 hundred)
    refuses 1 'standard input: frame 12345 (bytes 1382640 to 1382751): ' poolmap decompress -j $jobs < <(cat bad.zst) > out
    cmp out <(head -c 1234500 hundred)
    refuses 1 'bad.zst: frame 12345 (bytes 1382640 to 1382751): ' poolmap test -j $jobs bad.zst
done
expect_exit 1 poolmap decompress --salvage -f -o out bad.zst 2> said
grep -q 'lost .*(frame 12345 at bytes 1382640 to 1382751 of the file)' said
cmp <(head -c 1234500 out) <(head -c 1234500 hundred)
cmp <(tail -c $((100 * (20000 - 12346))) out) <(tail -c $((100 * (20000 - 12346))) hundred)
# A place where no frame begins.
cp hundred.zst bad.zst
patch bad.zst $((112 * 12345)) 0
refuses 1 'bad.zst: not a Zstandard frame at byte 1382640' poolmap decompress -c bad.zst > out
cmp out <(head -c 1234500 hundred)
refuses 1 'standard input: not a Zstandard frame at byte 1382640' poolmap decompress < <(cat bad.zst) > out
cmp out <(head -c 1234500 hundred)

# Complete frames are printed at once, whether more follow or not.
mkfifo pipe
start_from pipe poolmap decompress -j 2 > out
exec 3> pipe
head -c $((112 * 10)) hundred.zst >&3
until (($(size_of out) == 1000)); do :; done
part hundred.zst $((112 * 10)) $((112 + 50)) >&3
until (($(size_of out) == 1100)); do :; done
part hundred.zst $((112 * 11 + 50)) $((62 + 112)) >&3
exec 3>&-
wait "$front"
cmp out <(head -c 1300 hundred)
