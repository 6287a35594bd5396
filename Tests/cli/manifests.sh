# Helpers for the cases of manifests; sourced after lib.sh.

# manifest_of ALGORITHM CHUNK_BYTES FILE…: the expected manifest of these files, made with Python and b3sum; the content
# is from the folder `contents` if there is such a file (for pipes).
manifest_of() {
    python3 - "$@" << 'END'
import hashlib, os, subprocess, sys, zlib

def reflected(bits, polynomial, data):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (polynomial if byte & 1 else 0)
        table.append(byte)
    value = mask = (1 << bits) - 1
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 255]
    return (value ^ mask).to_bytes(bits // 8, "big")

def blake3(data):
    return bytes.fromhex(subprocess.run(["b3sum", "--no-names"], input=data, capture_output=True, check=True).stdout.decode())

def digest(data):
    if algorithm == "blake3": return blake3(data)
    if algorithm == "crc32": return zlib.crc32(data).to_bytes(4, "big")
    if algorithm == "crc32c": return reflected(32, 0x82F63B78, data)
    if algorithm == "crc64nvme": return reflected(64, 0x9A6C9329AC4BC9B5, data)
    return hashlib.new(algorithm, data).digest()

algorithm, chunk_bytes = sys.argv[1], int(sys.argv[2])
for name in map(os.fsencode, sys.argv[3:]):
    data = open(name if name != b"-" else b"contents", "rb").read()
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    chunks = [data[start:start + chunk_bytes] for start in range(0, len(data), chunk_bytes)]
    digests = [digest(chunk) for chunk in chunks]
    text = b"poolmap manifest 1\nalgorithm %s\nchunk-size %d\nfile %s\n" % (algorithm.encode(), chunk_bytes, escaped)
    for index, chunk in enumerate(chunks):
        text += b"%d %d %s\n" % (index * chunk_bytes, len(chunk), digests[index].hex().encode())
    text += b"size %d\nroot %s\n" % (len(data), digest(b"".join(digests)).hex().encode())
    sys.stdout.buffer.write(text + b"end %s\n" % digest(text).hex().encode())
END
}

# says CODE TEXT COMMAND…: the command exits with CODE and prints TEXT on standard output.
says() {
    local expected=$1 text=$2 code=0
    shift 2
    "$@" > "$CLI_NOTES/said" 2> "$CLI_NOTES/errors" || code=$?
    [[ $(< "$CLI_NOTES/said") == "$text" ]] ||
        fail "expected \"$text\", and it said \"$(< "$CLI_NOTES/said")\": $*; $(< "$CLI_NOTES/errors")"
    ((code == expected)) || fail "exit code $code, expected $expected: $*; $(< "$CLI_NOTES/errors")"
}

# flip FILE OFFSET: flips a bit of a byte.
flip() {
    perl -e '
        open my $file, "+<", $ARGV[0] or die "$ARGV[0]: $!";
        seek $file, $ARGV[1], 0;
        read $file, my $byte, 1;
        seek $file, $ARGV[1], 0;
        print $file $byte ^ "\x10";' "$@"
}
