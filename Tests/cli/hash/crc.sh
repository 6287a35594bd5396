# The CRCs equal zlib's and those of a definition in Python, around the borders of pieces, from files and pipes.
. "$CLI_LIB"
seed=${POOLMAP_TEST_SEED:-$RANDOM}
echo "POOLMAP_TEST_SEED=$seed" >&2

# Makes the inputs and writes the expected lines of `hash`. Most of a large input is zeros, whose effect is a product;
# there is noise where pieces begin and end: in files at multiples of 4 MiB, in pipes at those of 1 MiB.
python3 -I - "$seed" > expected << 'PYTHON'
import random, sys, zlib

POLYNOMIALS = {
    "CRC32C": (1 << 32) | 0x1EDC6F41,
    "CRC64NVME": (1 << 64) | 0xAD93D23594C93659,
}
# In numbers the highest bit is the highest power; in these CRCs it is a byte's lowest bit.
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def remainder(number, polynomial):
    while number.bit_length() >= polynomial.bit_length():
        number ^= polynomial << (number.bit_length() - polynomial.bit_length())
    return number


def product(a, b, polynomial):
    value = 0
    for bit in range(b.bit_length()):
        if b >> bit & 1:
            value ^= a << bit
    return remainder(value, polynomial)


def power_of_x(exponent, polynomial):
    if exponent == 0:
        return 1
    half = power_of_x(exponent // 2, polynomial)
    return remainder(product(half, half, polynomial) << exponent % 2, polynomial)


def check(parts, polynomial):
    """The CRC of parts, each of which is bytes or a number of zero bytes."""
    width = polynomial.bit_length() - 1
    table = [remainder(byte << width, polynomial) for byte in range(256)]
    ones = (1 << width) - 1
    register = ones
    for part in parts:
        if isinstance(part, int):
            register = product(register, power_of_x(8 * part, polynomial), polynomial)
        else:
            for byte in part.translate(REVERSED):
                register = (register << 8 & ones) ^ table[register >> (width - 8) ^ byte]
    reversed_bits = int(f"{register ^ ones:0{width}b}"[::-1], 2)
    return f"{reversed_bits:0{width // 4}x}"


def parts(size):
    done = 0
    for border in [*range(0, size, 1 << 20), size]:
        around = 1000 if border % (4 << 20) else 10000
        begin, end = max(done, border - generator.randrange(around)), min(size, border + generator.randrange(around))
        if begin > done:
            yield begin - done
        if end > begin:
            yield generator.randbytes(end - begin)
        done = max(done, end)


generator = random.Random(int(sys.argv[1]))
assert check([b"123456789"], POLYNOMIALS["CRC32C"]) == "e3069283"
assert check([b"1234", b"56789"], POLYNOMIALS["CRC64NVME"]) == "ae8b14860a799888"
small = [0, 1, 63, 64, 511, 512, 4097, 300000]
for size in [*small, 4194303, 4194304, 4194305, 20000000]:
    content = [generator.randbytes(size)] if size in small else list(parts(size))
    with open(f"in-{size}", "wb") as file:
        for part in content:
            file.write(bytes(part))
        assert file.tell() == size
    whole = open(f"in-{size}", "rb").read()
    print(f"CRC32 (in-{size}) = {zlib.crc32(whole):08x}")
    for name, polynomial in POLYNOMIALS.items():
        print(f"{name} (in-{size}) = {check(content, polynomial)}")
PYTHON
mapfile -t files < <(sed -n 's/^CRC32 (\(.*\)).*/\1/p' expected)
same_text 12 "${#files[@]}"
all=(-a crc32 -a crc32c -a crc64nvme)
for jobs in 1 3; do
    silently poolmap hash "${all[@]}" -j $jobs "${files[@]}" | diff expected -
    for file in "${files[@]}"; do
        grep -F "($file)" expected | sed 's/ (.*) / (-) /' > of-file
        cat "$file" | silently poolmap hash "${all[@]}" -j $jobs | diff of-file -
        silently poolmap hash "${all[@]}" -j $jobs - < "$file" | diff of-file -
    done
done
# One alone, and all together with another algorithm that has larger pieces or none.
for name in crc32 crc32c crc64nvme; do
    silently poolmap hash -a $name -j 2 in-4194305 | cmp - <(grep -F "${name^^} (in-4194305)" expected)
done
for other in blake3 dropbox fsverity-sha256 sha256; do
    silently poolmap hash -a $other "${all[@]}" -j 2 in-20000000 | tail -n 3 | cmp - <(grep -F "(in-20000000)" expected)
done

# Noise throughout, for which Python is too slow except with zlib.
python3 -I -c 'import random, sys; sys.stdout.buffer.write(random.Random(int(sys.argv[1])).randbytes(30000001))' \
    "$seed" > noise
silently poolmap hash "${all[@]}" -j 1 noise > whole
python3 -I -c 'import zlib; print("CRC32 (noise) = %08x" % zlib.crc32(open("noise", "rb").read()))' |
    cmp - <(head -n 1 whole)
silently poolmap hash "${all[@]}" -j 3 noise | cmp - whole
cat noise | silently poolmap hash "${all[@]}" -j 3 | cmp - <(sed 's/ (.*) / (-) /' whole)
# In order, by one worker: nothing is combined.
silently poolmap hash "${all[@]}" -a sha256 -j 2 noise | head -n 3 | cmp - whole
