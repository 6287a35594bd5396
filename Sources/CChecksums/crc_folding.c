// CRCs by carry-less multiplication on x86-64, for any polynomial P: long inputs are folded into short ones.
//
// An input is a polynomial, with its first bit as the highest power, and its CRC is the remainder modulo P: any input
// with the same remainder has the same CRC. Sixteen bytes with the halves F and S are F x^64 + S; seen from d bytes
// further on, they contribute
//
//     (F x^64 + S) x^8d  =  F (x^(8d + 64) mod P) + S (x^8d mod P)    modulo P
//
// Both products fit into sixteen bytes. Added (XORed) to the sixteen bytes that are d bytes further on, they replace
// the original bytes, which can be dropped. So a few registers move through the input, each folded across all of them
// into the bytes that it reaches next, and finally hold an input of their own size. That one is folded by smaller
// registers, and its last sixteen bytes go through the table.
//
// There are several registers because a product takes several cycles, but a new one can start in every cycle or two.

#include "crc_private.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define REGISTERS 4

// x^(8 bytes - 1) mod P, at the upper end of 64 bits. The power is one less than expected because the instruction's
// product of two reversed numbers comes out one bit too low, which is one power too high.
static uint64_t factor(const struct crc_kind *kind, uint64_t bytes)
{
    uint64_t x_to_the_7 = UINT64_C(1) << (kind->width - 8);
    return crc_shift(kind, x_to_the_7, bytes - 1) << (64 - kind->width);
}

static struct crc_factors factors_across(const struct crc_kind *kind, uint64_t bytes)
{
    return (struct crc_factors){factor(kind, bytes + 8), factor(kind, bytes)};
}

void crc_make_factors(struct crc_kind *kind)
{
    kind->across_16 = factors_across(kind, 16);
    kind->across_64 = factors_across(kind, 64);
    kind->across_256 = factors_across(kind, 256);
}

// MARK: Sixteen bytes per register

#define TARGET_16 __attribute__((target("pclmul")))

TARGET_16 static inline __m128i load_16(const void *bytes)
{
    return _mm_loadu_si128(bytes);
}

TARGET_16 static inline __m128i fold_16(__m128i folded, __m128i factors, __m128i next)
{
    __m128i first = _mm_clmulepi64_si128(folded, factors, 0x00);
    __m128i second = _mm_clmulepi64_si128(folded, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

TARGET_16 uint64_t crc_update_by_16(const struct crc_kind *kind, uint64_t crc, const uint8_t *data, size_t bytes)
{
    const size_t round = REGISTERS * sizeof(__m128i);
    if (bytes < round) {
        return crc_update_by_table(kind, crc, data, bytes);
    }
    __m128i folded[REGISTERS];
    for (int i = 0; i < REGISTERS; i++) {
        folded[i] = load_16(data + 16 * i);
    }
    // Continuing from a register equals starting at 0 with the register added to the first bytes.
    folded[0] = _mm_xor_si128(folded[0], _mm_cvtsi64_si128((long long)crc));
    const __m128i across_64 = load_16(&kind->across_64);
    for (data += round, bytes -= round; bytes >= round; data += round, bytes -= round) {
        for (int i = 0; i < REGISTERS; i++) {
            folded[i] = fold_16(folded[i], across_64, load_16(data + 16 * i));
        }
    }
    const __m128i across_16 = load_16(&kind->across_16);
    __m128i last = folded[0];
    for (int i = 1; i < REGISTERS; i++) {
        last = fold_16(last, across_16, folded[i]);
    }
    for (; bytes >= 16; data += 16, bytes -= 16) {
        last = fold_16(last, across_16, load_16(data));
    }
    uint8_t rest[16];
    _mm_storeu_si128((void *)rest, last);
    crc = crc_update_by_table(kind, 0, rest, sizeof rest);
    return crc_update_by_table(kind, crc, data, bytes);
}

// MARK: Sixty-four bytes per register: four times sixteen, side by side

#define TARGET_64 __attribute__((target("avx512f,vpclmulqdq")))

TARGET_64 static inline __m512i fold_64(__m512i folded, __m512i factors, __m512i next)
{
    __m512i first = _mm512_clmulepi64_epi128(folded, factors, 0x00);
    __m512i second = _mm512_clmulepi64_epi128(folded, factors, 0x11);
    return _mm512_xor_si512(_mm512_xor_si512(first, second), next);
}

TARGET_64 uint64_t crc_update_by_64(const struct crc_kind *kind, uint64_t crc, const uint8_t *data, size_t bytes)
{
    const size_t round = REGISTERS * sizeof(__m512i);
    // Shorter inputs would hardly be folded here.
    if (bytes < 2 * round) {
        return crc_update_by_16(kind, crc, data, bytes);
    }
    __m512i folded[REGISTERS];
    for (int i = 0; i < REGISTERS; i++) {
        folded[i] = _mm512_loadu_si512(data + 64 * i);
    }
    folded[0] = _mm512_xor_si512(folded[0], _mm512_zextsi128_si512(_mm_cvtsi64_si128((long long)crc)));
    const __m512i across_256 = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)&kind->across_256));
    for (data += round, bytes -= round; bytes >= round; data += round, bytes -= round) {
        for (int i = 0; i < REGISTERS; i++) {
            folded[i] = fold_64(folded[i], across_256, _mm512_loadu_si512(data + 64 * i));
        }
    }
    uint8_t rest[REGISTERS * sizeof(__m512i)];
    for (int i = 0; i < REGISTERS; i++) {
        _mm512_storeu_si512(rest + 64 * i, folded[i]);
    }
    crc = crc_update_by_16(kind, 0, rest, sizeof rest);
    return crc_update_by_16(kind, crc, data, bytes);
}

#endif
