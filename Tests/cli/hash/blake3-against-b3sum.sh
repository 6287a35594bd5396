# BLAKE3 equals b3sum in all three modes and any digest length, around chunk borders and at random sizes.
# From files and pipes, with one worker and several.
. "$CLI_LIB"
seed=${POOLMAP_TEST_SEED:-$RANDOM}
echo "POOLMAP_TEST_SEED=$seed" >&2
RANDOM=$seed

# All inputs are prefixes of one.
python3 -I -c 'import random, sys; sys.stdout.buffer.write(random.Random(int(sys.argv[1])).randbytes(17000000))' \
    "$seed" > noise
head -c 32 noise > key
sizes=(0 1 2 63 64 65)
for border in 1024 2048 65536 131072 1048576 3145728 4194304 8388608; do
    sizes+=($((border - 1)) $border $((border + 1)))
done
for most in 5000 5000 5000 200000 200000 3000000 16000000; do
    sizes+=($(((RANDOM << 15 | RANDOM) % most)))
done
for size in "${sizes[@]}"; do
    head -c "$size" noise > "in-$size"
done
files=(in-*)

# both HOW OPTION…: digests of all files, and of each from a pipe unless a key takes standard input.
both() {
    local jobs file
    b3sum "$@" "${files[@]}" < key > expected
    for jobs in 1 2 3; do
        silently poolmap hash -j $jobs "$@" "${files[@]}" < key | diff expected -
    done
    [[ $1 != --keyed ]] || return 0
    # Only some, different ones each time: starting a process for each takes longer than the hash.
    for file in in-0 "${files[RANDOM % ${#files[@]}]}" in-1048577 in-4194305; do
        b3sum "$@" < "$file" > expected
        jobs=$((RANDOM % 3 + 1))
        cat "$file" | silently poolmap hash -j $jobs "$@" | diff expected -
        silently poolmap hash -j $jobs "$@" - < "$file" | diff expected -
    done
}

both --length 32
both --length $((RANDOM % 300 + 1))
both --derive-key "$(printf 'poolmap 2026 a context, \xc3\xa4 %d' "$RANDOM")"
both --derive-key '' --length $((RANDOM % 300 + 1))
both --keyed
both --keyed --length $((RANDOM % 300 + 1))
# Digests of one byte and of a megabyte.
for length in 1 31 33 64 65 1000 1048576; do
    silently poolmap hash --length $length -j 2 --no-names in-0 in-1024 in-1025 in-4194305 |
        cmp - <(b3sum --length $length --no-names in-0 in-1024 in-1025 in-4194305)
done

# The kernels for older CPUs: glibc turns off the instructions that this one has.
b3sum "${files[@]}" > expected
for off in -AVX512F -AVX512F,-AVX2 -AVX512F,-AVX2,-SSE4_1; do
    GLIBC_TUNABLES=glibc.cpu.hwcaps=$off silently poolmap hash -j 2 "${files[@]}" | diff expected -
done

# BLAKE3 is the default, and b3sum checks its lines.
silently poolmap hash -j 2 "${files[@]}" > sums
b3sum --check --quiet sums
# A file that is read from an offset, and another key.
{ perl -e 'sysseek STDIN, 70000, 0'; silently poolmap hash -j 2; } < in-8388609 |
    cmp - <(tail -c +70001 in-8388609 | b3sum)
head -c 32 /dev/zero > zeros
silently poolmap hash --keyed in-4194305 < zeros > other
cmp other <(b3sum --keyed in-4194305 < zeros)
! cmp -s other <(b3sum --keyed in-4194305 < key) || fail "the key does not matter"
