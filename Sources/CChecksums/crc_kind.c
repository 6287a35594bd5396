// The parts common to all CRCs: the table, and the multiplication of polynomials.

#include "crc_private.h"

void crc_make_slices(struct crc_kind *kind)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? kind->polynomial : 0);
        }
        kind->slices[0][byte] = crc;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t crc = kind->slices[slice - 1][byte];
            kind->slices[slice][byte] = crc >> 8 ^ kind->slices[0][crc & 255];
        }
    }
}

uint64_t crc_update_by_table(const struct crc_kind *kind, uint64_t crc, const uint8_t *data, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8, data += 8) {
        uint64_t next = crc_load_8(data) ^ crc;
        crc = 0;
        for (int byte = 0; byte < 8; byte++) {
            crc ^= kind->slices[7 - byte][next >> (8 * byte) & 255];
        }
    }
    for (; bytes > 0; bytes--, data++) {
        crc = crc >> 8 ^ kind->slices[0][(crc ^ *data) & 255];
    }
    return crc;
}

uint64_t crc_multiply(const struct crc_kind *kind, uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (int bit = kind->width - 1; bit >= 0; bit--) {
        product ^= (a >> bit & 1) != 0 ? b : 0;
        b = b >> 1 ^ ((b & 1) != 0 ? kind->polynomial : 0);
    }
    return product;
}

uint64_t crc_shift(const struct crc_kind *kind, uint64_t crc, uint64_t bytes)
{
    // x^8, squared again and again: x^8, x^16, x^32, …
    uint64_t power = UINT64_C(1) << (kind->width - 9);
    for (; bytes > 0; bytes /= 2) {
        if (bytes % 2 == 1) {
            crc = crc_multiply(kind, crc, power);
        }
        power = crc_multiply(kind, power, power);
    }
    return crc;
}
