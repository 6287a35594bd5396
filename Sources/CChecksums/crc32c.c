// CRC-32C in two ways: by table, eight bytes per step, and by the CPU's instruction, in three lanes at once.
//
// Both work on the raw register (without the inversion at both ends), which is linear: the register after "A then B" is
// the register after A advanced over length(B) zero bytes, XOR the register after B alone started at 0. The three lanes
// rely on that. The instruction takes three cycles, but a new one can start in each, so three independent streams keep
// it busy, and two table lookups combine the results.

#include "crc32c.h"
#include "crc_private.h"

#include <pthread.h>

// The polynomial 0x1EDC6F41 with its bits reversed, like the register.
static struct crc_kind crc32c = {.width = 32, .polynomial = UINT32_C(0x82F63B78)};

// Long enough that combining the lanes costs only a few percent, short enough that a small frame has whole rounds.
#define LANE_BYTES 1024

// lane_shift[k][b]: the register's byte k with value b, advanced over LANE_BYTES zero bytes.
static uint32_t lane_shift[4][256];

static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_lane_shift(void)
{
    uint32_t of_bit[32];
    // The shift is linear, so 32 registers with one bit each determine it.
    for (int bit = 0; bit < 32; bit++) {
        of_bit[bit] = (uint32_t)crc_shift(&crc32c, UINT64_C(1) << bit, LANE_BYTES);
    }
    for (int part = 0; part < 4; part++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t shifted = 0;
            for (int bit = 0; bit < 8; bit++) {
                shifted ^= (byte >> bit & 1) != 0 ? of_bit[8 * part + bit] : 0;
            }
            lane_shift[part][byte] = shifted;
        }
    }
}

static void make_tables(void)
{
    crc_make_slices(&crc32c);
    make_lane_shift();
}

#if defined(__x86_64__)

#include <nmmintrin.h>
#define HAS_CRC_INSTRUCTION 1
#define CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_STEP_8(crc, value) ((uint32_t)_mm_crc32_u64((crc), (value)))
#define CRC_STEP_1(crc, value) _mm_crc32_u8((crc), (value))

bool poolmap_crc32c_uses_hardware(void)
{
    return __builtin_cpu_supports("sse4.2");
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32) && !defined(__AARCH64EB__)

#include <arm_acle.h>
#define HAS_CRC_INSTRUCTION 1
#define CRC_TARGET
#define CRC_STEP_8(crc, value) __crc32cd((crc), (value))
#define CRC_STEP_1(crc, value) __crc32cb((crc), (value))

bool poolmap_crc32c_uses_hardware(void)
{
    return true;
}

#else

#define HAS_CRC_INSTRUCTION 0

bool poolmap_crc32c_uses_hardware(void)
{
    return false;
}

#endif

#if HAS_CRC_INSTRUCTION

static uint32_t shift_by_lane(uint32_t crc)
{
    return lane_shift[0][crc & 255] ^ lane_shift[1][crc >> 8 & 255] ^ lane_shift[2][crc >> 16 & 255]
        ^ lane_shift[3][crc >> 24];
}

CRC_TARGET static uint32_t update_hardware(uint32_t crc, const uint8_t *data, size_t bytes)
{
    for (; bytes >= 3 * LANE_BYTES; bytes -= 3 * LANE_BYTES, data += 3 * LANE_BYTES) {
        uint32_t second = 0;
        uint32_t third = 0;
        for (size_t offset = 0; offset < LANE_BYTES; offset += 8) {
            crc = CRC_STEP_8(crc, crc_load_8(data + offset));
            second = CRC_STEP_8(second, crc_load_8(data + LANE_BYTES + offset));
            third = CRC_STEP_8(third, crc_load_8(data + 2 * LANE_BYTES + offset));
        }
        crc = shift_by_lane(shift_by_lane(crc) ^ second) ^ third;
    }
    for (; bytes >= 8; bytes -= 8, data += 8) {
        crc = CRC_STEP_8(crc, crc_load_8(data));
    }
    for (; bytes > 0; bytes--, data++) {
        crc = CRC_STEP_1(crc, *data);
    }
    return crc;
}

#endif

uint32_t poolmap_crc32c_portable(uint32_t crc, const void *data, size_t bytes)
{
    pthread_once(&tables_once, make_tables);
    return ~(uint32_t)crc_update_by_table(&crc32c, ~crc, data, bytes);
}

uint32_t poolmap_crc32c(uint32_t crc, const void *data, size_t bytes)
{
#if HAS_CRC_INSTRUCTION
    if (poolmap_crc32c_uses_hardware()) {
        pthread_once(&tables_once, make_tables);
        return ~update_hardware(~crc, data, bytes);
    }
#endif
    return poolmap_crc32c_portable(crc, data, bytes);
}

uint32_t poolmap_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_bytes)
{
    return (uint32_t)crc_shift(&crc32c, first, second_bytes) ^ second;
}
