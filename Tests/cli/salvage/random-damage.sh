# With random damage salvage ends normally; each chunk is right or zeros, and no intact frame is lost.
. "$CLI_LIB"
# Each kind of chunk: compressible, incompressible, zeros, and compressed files stored uncompressed.
text 3000 | zstd -q -c > inner.zst
{
    text 20480
    noise 20480 1
    head -c 12288 /dev/zero
    noise 1000 2
    cat inner.zst inner.zst
    noise 30000 3
    text 9000
} > in
poolmap compress -q --chunk-size 4K -o own.zst in
poolmap list --json -v own.zst > list.json
# shellcheck disable=SC2046
python3 -I - ${POOLMAP_TEST_SEED:-$(seq 1 24)} << 'PYTHON'
import json, os, random, subprocess, sys

CHUNK = 4096
content, own = (open(name, "rb").read() for name in ("in", "own.zst"))
chunks = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
frames = [own[f["offset"] :][: f["compressedBytes"]] for f in json.load(open("list.json"))[0]["frameList"]]


def damage(seed):
    generator, file = random.Random(seed), bytearray(own)
    for _ in range(generator.choice([1, 2, 5, 30])):
        start = generator.randrange(len(file))
        length = generator.choice([1, 10, 100, 1000])
        part = slice(start, min(start + length, len(file)))
        if seed % 6 == 0:
            file[start] ^= 1 << generator.randrange(8)
        elif seed % 6 == 1:
            file[part] = generator.randbytes(len(file[part]))
        elif seed % 6 == 2:
            file[part] = bytes(len(file[part]))
        elif seed % 6 == 3:
            file[start:start] = generator.randbytes(length)
        elif seed % 6 == 4:
            del file[part]
        else:
            # The header, the tables, anything.
            file[generator.choice([generator.randrange(44), -1 - generator.randrange(300), start])] ^= 0x55
    return bytes(file)


def salvage(jobs):
    command = ["poolmap", "decompress", "-j", jobs, "--salvage", "-o", "out", "bad.zst"]
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode in (0, 1), f"exit code {done.returncode}"
    restored = b""
    if os.path.exists("out"):
        restored = open("out", "rb").read()
        os.unlink("out")
    return restored, done.stderr.decode()


def check(file):
    open("bad.zst", "wb").write(file)
    restored, said = salvage("1")
    assert salvage("3") == (restored, said), "3 workers restore something else"
    fine = [index for index, frame in enumerate(frames) if frame in file]
    if "unknown" in said or "likely" in said:
        # No table gave the places.
        lost = [index for index in fine if chunks[index] not in restored]
    else:
        found = [restored[start : start + CHUNK] for start in range(0, len(restored), CHUNK)]
        wrong = [index for index, part in enumerate(found) if part != chunks[index] and part.strip(b"\0")]
        assert not wrong, f"chunks {wrong} are wrong; it said: {said}"
        lost = [index for index in fine if found[index : index + 1] != [chunks[index]]]
    assert not lost, f"chunks {lost} are lost, and their frames are whole; it said: {said}"


for seed in map(int, sys.argv[1:]):
    try:
        check(damage(seed))
    except AssertionError as error:
        sys.exit(f"POOLMAP_TEST_SEED={seed}: {error}")
PYTHON
