#ifndef POOLMAP_CRC_PRIVATE_H
#define POOLMAP_CRC_PRIVATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The factors that advance sixteen bytes over some distance: one for each half.
struct crc_factors {
    uint64_t first;
    uint64_t second;
};

// A CRC: the polynomial that defines it, and the tables and factors derived from it.
//
// Registers and polynomials are bit-reversed: the highest of their `width` bits is x^0. A register is a CRC without the
// inversions at its start and end, so that it is linear.
struct crc_kind {
    int width;
    // Without the highest power, x^width.
    uint64_t polynomial;
    // slices[k][b]: the effect of byte b on the register when k more bytes follow it.
    uint64_t slices[8][256];
    // Named by the distance in bytes.
    struct crc_factors across_16;
    struct crc_factors across_64;
    struct crc_factors across_256;
};

// The register after `bytes` more bytes.
typedef uint64_t crc_update_function(const struct crc_kind *kind, uint64_t crc, const uint8_t *data, size_t bytes);

// Fills in the table, which all functions below need except the multiplications.
void crc_make_slices(struct crc_kind *kind);

// By table, eight bytes per step.
crc_update_function crc_update_by_table;

// The product of two polynomials modulo that of `kind`.
uint64_t crc_multiply(const struct crc_kind *kind, uint64_t a, uint64_t b);

// A register advanced over `bytes` zero bytes: times x^(8 bytes).
uint64_t crc_shift(const struct crc_kind *kind, uint64_t crc, uint64_t bytes);

#if defined(__x86_64__)

// Fills in the factors, which the two functions below need.
void crc_make_factors(struct crc_kind *kind);

// For CPUs with PCLMULQDQ.
crc_update_function crc_update_by_16;

// For CPUs with AVX-512 and VPCLMULQDQ; 64 bytes per instruction.
crc_update_function crc_update_by_64;

#endif

static inline uint64_t crc_load_8(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

#endif
