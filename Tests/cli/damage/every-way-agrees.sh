# test, -d, --salvage and cat agree on thousands of files whether each is damaged, from a file and from a pipe.
. "$CLI_LIB"
seed=${POOLMAP_TEST_SEED:-$((RANDOM << 15 | RANDOM))}
echo "POOLMAP_TEST_SEED=$seed" >&2
real_data 40000 > real
text 30000 > text
: > empty
cat > make-files.py << 'END'
import random, struct, subprocess, sys

random.seed(int(sys.argv[1]))

def run(*command, data=None):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout

def block(kind, size, last, content=b""):
    return struct.pack("<I", size << 3 | kind << 1 | last)[:3] + content

def frame(content_bytes, blocks, single=False, window=0x38):
    # Eight bytes of content size, no checksum; a window of 128 KiB by default.
    head = b"\x28\xb5\x2f\xfd" + (b"\xe0" if single else b"\xc0" + bytes([window]))
    return head + struct.pack("<Q", content_bytes % (1 << 64)) + blocks

def large(blocks, last=10):
    return b"".join(block(1, 131072, 0, b"a") for _ in range(blocks)) + block(1, last, 1, b"b")

def table(rows, checked=False, count=None):
    body = b"".join(struct.pack("<III" if checked else "<II", *row) for row in rows)
    count = len(rows) if count is None else count
    body += struct.pack("<IBI", count, 128 if checked else 0, 0x8F92EAB1)
    return struct.pack("<II", 0x184D2A5E, len(body)) + body

real, text = open("real", "rb").read(), open("text", "rb").read()
skip = b"\x50\x2a\x4d\x18\x05\0\0\0hello"
zstd = [run("zstd", "-q", "-c", option, data=data) for option in ("--check", "--no-check")
        for data in (real[:3000], text[:2000], b"x", b"")]
sized = [run("zstd", "-q", "-c", name) for name in ("real", "text", "empty")]
own = [run("poolmap", "compress", "-q", "-c", "--chunk-size", size, option, data=data)
       for size in ("1K", "2K", "64K") for option in ("--check", "--no-check")
       for data in (real[:5000], text[:900], b"x", b"")]
pzstd = run("pzstd", "-q", "-p", "2", "-c", "real")
pieces = [run("zstd", "-q", "-c", "--check", data=real[place:place + 700]) for place in range(0, 4200, 700)]
rows = [(len(piece), 700) for piece in pieces]
seekable = b"".join(pieces) + table(rows)
tiny = [frame(0, block(0, 0, 1), True), frame(1, block(0, 1, 1, b"q"), True)]
bases = zstd + sized + own + [pzstd, seekable, skip, b"".join(pieces), b"".join(tiny) * 20]

def joined():
    parts = [random.choice(bases + [skip]) for _ in range(random.randint(2, 3))]
    return b"".join(parts)

def mutated(data):
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 1, 2))):
        kind = random.randint(0, 9)
        size = len(data)
        near_end = size - 1 - random.randint(0, min(size - 1, 120)) if size else 0
        place = random.choice((random.randint(0, max(0, size - 1)), random.randint(0, min(59, max(0, size - 1))), near_end))
        if kind <= 3 and size:
            data[place] ^= 1 << random.randint(0, 7)
        elif kind == 4 and size:
            data[place] = random.randint(0, 255)
        elif kind == 5:
            del data[place:]
        elif kind == 6:
            del data[place:place + random.randint(1, 40)]
        elif kind == 7:
            data[place:place] = random.choice((bytes(random.randint(1, 9)), skip, tiny[0], tiny[1], b"\x28\xb5\x2f\xfd"))
        elif kind == 8:
            other = random.choice(bases)
            begin = random.randint(0, max(0, len(other) - 1))
            data[place:place] = other[begin:begin + random.randint(1, 300)]
        elif size >= 4:
            place = min(place, size - 4)
            data[place:place + 4] = struct.pack("<I", random.choice((0, 1, 44, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 27, size)))
    return bytes(data)

files = list(bases)
# False content sizes, and other tools' tables with false ones.
for content in (0, 1, 4, 6, 70 << 20, 1 << 40, 1 << 63, (1 << 64) - 2, (1 << 64) - 1):
    for single in (False, True):
        files.append(frame(content, block(0, 5, 1, b"hello"), single))
        files.append(tiny[1] + frame(content, block(0, 5, 1, b"hello"), single) + tiny[0])
for lie in ([(1, 700)] + rows[1:], rows[::-1], rows[:-1], rows + [(0, 0)], [(a, 699) for a, _ in rows],
            [(a, 2 ** 32 - 1) for a, _ in rows], [(0, 0)] * 6, [(8, 1)] * 6):
    files.append(b"".join(pieces) + table(lie))
    files.append(b"".join(pieces) + table(lie, count=random.choice((0, 7, 1 << 27, 2 ** 32 - 1))))
length = 520 * 131072 + 10
for content in (length, length - 1, length + 1, 5, 0, 70 << 20, 1 << 40, (1 << 64) - 1):
    files.append(frame(content, large(520)))
    files.append(tiny[1] + frame(content, large(520)) + tiny[1])
# Windows that zstd accepts only on request, and some that it never accepts; these frames need none of them.
for window in (0x90, 0x98, 0xA8, 0xAD, 0xFF):
    files.append(frame(5, block(0, 5, 1, b"hello"), window=window))
# Undamaged files of all kinds.
while len(files) < 600:
    files.append(joined())
while len(files) < 3000:
    files.append(mutated(joined() if random.random() < 0.3 else random.choice(bases)))
for number, data in enumerate(files):
    # An empty file is not tested from a pipe: zstd accepts it.
    with open("files/%04d.zst" % number, "wb") as out:
        out.write(data or b"?")
END
mkdir files pipes out salvaged
python3 make-files.py "$seed"

# The numbers of the files that have an error line.
refused() { sed -n 's/^poolmap: [a-z]*\/\([0-9]*\)\.zst: .*/\1/p' "$1" | sort -u; }

code=0
poolmap test -v -j 2 files/*.zst 2> tested || code=$?
((code == 1))
grep -v ': ok, ' tested > bad
refused bad > by-test
(($(wc -l < by-test) > 500))
# One line for each file: no other kind of error hides among them.
same_text "$(ls files | wc -l)" "$(grep -c '^\(poolmap: \)\?files/' tested)"

# The same files from pipes, one after another.
for file in files/*.zst; do mkfifo "pipes/${file#files/}"; done
python3 -c '
import glob, os, signal
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
for path in sorted(glob.glob("pipes/*.zst")):
    with open("files" + path[5:], "rb") as data, open(path, "wb", buffering=0) as pipe:
        try:
            pipe.write(data.read())
        except BrokenPipeError:
            pass' &
feeder=$!
code=0
poolmap test -v -j 2 pipes/*.zst 2> piped || code=$?
wait "$feeder"
((code == 1))
refused <(grep -v ': ok, ' piped) | diff by-test - || fail "test of a pipe and of a file do not agree"
# The output also has the same length.
diff <(grep ': ok, ' tested) <(grep ': ok, ' piped | sed 's/: pipes/: files/; s/^pipes/files/') ||
    fail "a pipe and a file hold different content"

code=0
poolmap decompress -j 2 --output-dir out files/*.zst 2> said || code=$?
((code == 1))
refused said | diff by-test - || fail "-d and test do not agree"
comm -23 <(ls files | sed 's/\.zst//') by-test | diff - <(ls out) || fail "some targets are not complete"

code=0
poolmap decompress --salvage -j 2 --output-dir salvaged files/*.zst 2> said || code=$?
((code == 1))
refused said | diff by-test - || fail "--salvage and test do not agree"
for file in out/*; do cmp "$file" "salvaged/${file#out/}"; done

# poolmap refuses whatever zstd refuses, except for windows that the content does not need, and messages about --long.
{ zstd -q -t files/*.zst 2>&1 || true; } | tr '\r' '\n' | grep -v 'too much memory\|Window size\|Window log\|--memory' |
    sed -n 's/^\(zstd: \)\?files\/\([0-9]*\)\.zst *: .*/\2/p' | sort -u > by-zstd
comm -23 by-zstd by-test > missed
[[ ! -s missed ]] || fail "zstd refuses files that poolmap accepts: $(head -5 missed)"

# cat of whole files is the same; each takes a process.
for number in $(shuf -n 40 --random-source=real <(ls files | sed 's/\.zst//')); do
    code=0
    poolmap cat "files/$number.zst" > cat.out 2> said || code=$?
    if [[ -e out/$number ]]; then
        ((code == 0)) || fail "cat refuses $number: $(< said)"
        cmp cat.out "out/$number"
    else
        ((code == 1)) || fail "cat accepts $number"
    fi
done
