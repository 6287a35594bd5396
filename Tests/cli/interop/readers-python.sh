# Python's readers read all of a file of many chunks, or what their documentation says for several frames.
. "$CLI_LIB"
[[ -x $CLI_PYTHON ]] || fail "no $CLI_PYTHON: make python-tools"
real_data 900000 > content
: > empty
poolmap -q -o one.zst content
poolmap -q --chunk-size 256K -o many.zst content
poolmap -q --chunk-size 256K --no-check -o unchecked.zst content
poolmap -q -o none.zst empty
"$CLI_PYTHON" - <<'PYTHON'
import io
import backports.zstd, indexed_zstd, pyzstd, zstandard

CHUNK = 256 << 10


def at_any_place(file, length):
    file.seek(length // 2)
    end = file.read()
    file.seek(0)
    return file.read(length // 2) + end


def refused(read, error):
    try:
        read()
    except error:
        return
    raise AssertionError("was read")


for name, source in ("one", "content"), ("many", "content"), ("unchecked", "content"), ("none", "empty"):
    path = name + ".zst"
    content, data = open(source, "rb").read(), open(path, "rb").read()
    many = name in ("many", "unchecked")
    decompressor = zstandard.ZstdDecompressor()
    copied = io.BytesIO()
    decompressor.copy_stream(io.BytesIO(data), copied)
    whole = {
        "pyzstd.decompress": pyzstd.decompress(data),
        "pyzstd.open": pyzstd.open(path).read(),
        "backports.zstd.decompress": backports.zstd.decompress(data),
        "backports.zstd.open": backports.zstd.open(path).read(),
        "zstandard.open": zstandard.open(path).read(),
        "zstandard.copy_stream": copied.getvalue(),
        "zstandard.stream_reader": decompressor.stream_reader(io.BytesIO(data), read_across_frames=True).read(),
        "zstandard.decompressobj": decompressor.decompressobj(read_across_frames=True).decompress(data),
        "indexed_zstd": at_any_place(indexed_zstd.IndexedZstdFile(path), len(content)),
    }
    for reader, got in whole.items():
        assert got == content, f"{reader}: {path}: {len(got)} bytes"
    # These read one frame.
    first = content[:CHUNK] if many else content
    assert decompressor.decompress(data) == first, path
    assert decompressor.decompressobj().decompress(data) == first, path
    assert b"".join(decompressor.read_to_iter(io.BytesIO(data))) == first, path
    if many:
        refused(lambda: decompressor.decompress(data, allow_extra_data=False), zstandard.ZstdError)
        assert at_any_place(pyzstd.SeekableZstdFile(path), len(content)) == content, path
    else:
        assert decompressor.decompress(data, allow_extra_data=False) == content, path
        # A plain frame has no seek table.
        refused(lambda: pyzstd.SeekableZstdFile(path), pyzstd.SeekableFormatError)
PYTHON
