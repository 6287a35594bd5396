// CRC-32 and CRC-64/NVMe by table, eight bytes a step, and the combination of pieces.

#include "crc.h"

#include <pthread.h>

// The polynomials with their bits in reverse, as the registers are.
#define CRC32_POLYNOMIAL UINT32_C(0xEDB88320)
#define CRC32C_POLYNOMIAL UINT32_C(0x82F63B78)
#define CRC64NVME_POLYNOMIAL UINT64_C(0x9A6C9329AC4BC9B5)

// slices[k][b]: what byte b does to the register when k more bytes follow it.
static uint64_t slices32[8][256];
static uint64_t slices64[8][256];

static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_slices(uint64_t slices[8][256], uint64_t polynomial)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
        }
        slices[0][byte] = crc;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t crc = slices[slice - 1][byte];
            slices[slice][byte] = crc >> 8 ^ slices[0][crc & 255];
        }
    }
}

static void make_tables(void)
{
    make_slices(slices32, CRC32_POLYNOMIAL);
    make_slices(slices64, CRC64NVME_POLYNOMIAL);
}

static uint64_t load_8(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int byte = 7; byte >= 0; byte--) {
        value = value << 8 | bytes[byte];
    }
    return value;
}

static uint64_t update(const uint64_t slices[8][256], uint64_t crc, const uint8_t *data, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8, data += 8) {
        uint64_t next = load_8(data) ^ crc;
        crc = 0;
        for (int byte = 0; byte < 8; byte++) {
            crc ^= slices[7 - byte][next >> (8 * byte) & 255];
        }
    }
    for (; bytes > 0; bytes--, data++) {
        crc = crc >> 8 ^ slices[0][(crc ^ *data) & 255];
    }
    return crc;
}

uint32_t poolmap_crc32(uint32_t crc, const void *data, size_t bytes)
{
    pthread_once(&tables_once, make_tables);
    return ~(uint32_t)update(slices32, ~crc, data, bytes);
}

uint64_t poolmap_crc64nvme(uint64_t crc, const void *data, size_t bytes)
{
    pthread_once(&tables_once, make_tables);
    return ~update(slices64, ~crc, data, bytes);
}

// The product of two polynomials modulo a third of `width` bits. In reverse, so that the highest bit is x^0.
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t polynomial, int width)
{
    uint64_t product = 0;
    for (int bit = width - 1; bit >= 0; bit--) {
        product ^= (a >> bit & 1) != 0 ? b : 0;
        b = b >> 1 ^ ((b & 1) != 0 ? polynomial : 0);
    }
    return product;
}

// A register moved on over `bytes` zero bytes: times x^(8 bytes).
static uint64_t shift(uint64_t crc, uint64_t bytes, uint64_t polynomial, int width)
{
    // x^8, squared again and again: x^8, x^16, x^32, …
    uint64_t power = UINT64_C(1) << (width - 9);
    for (; bytes > 0; bytes /= 2) {
        if (bytes % 2 == 1) {
            crc = multiply(crc, power, polynomial, width);
        }
        power = multiply(power, power, polynomial, width);
    }
    return crc;
}

uint32_t poolmap_crc32_combine(uint32_t first, uint32_t second, uint64_t second_bytes)
{
    return (uint32_t)shift(first, second_bytes, CRC32_POLYNOMIAL, 32) ^ second;
}

uint32_t poolmap_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_bytes)
{
    return (uint32_t)shift(first, second_bytes, CRC32C_POLYNOMIAL, 32) ^ second;
}

uint64_t poolmap_crc64nvme_combine(uint64_t first, uint64_t second, uint64_t second_bytes)
{
    return shift(first, second_bytes, CRC64NVME_POLYNOMIAL, 64) ^ second;
}
