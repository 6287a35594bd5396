// CRC-32 and CRC-64/NVMe by the widest instructions that the CPU has, and the combination of pieces.

#include "crc.h"
#include "crc_private.h"

#include <pthread.h>
#include <stdatomic.h>

// The polynomials with their bits reversed, like the registers.
static struct crc_kind crc32 = {.width = 32, .polynomial = UINT32_C(0xEDB88320)};
static struct crc_kind crc64nvme = {.width = 64, .polynomial = UINT64_C(0x9A6C9329AC4BC9B5)};

static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

// The implementation that processes the most bytes at a time, up to a limit. Atomic because a test may change it while
// another thread reads it.
static _Atomic(crc_update_function *) update;

static crc_update_function *widest(unsigned limit)
{
#if defined(__x86_64__)
    if (limit >= 64 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq")) {
        return crc_update_by_64;
    }
    if (limit >= 16 && __builtin_cpu_supports("pclmul")) {
        return crc_update_by_16;
    }
#else
    (void)limit;
#endif
    return crc_update_by_table;
}

static void make_tables(void)
{
    crc_make_slices(&crc32);
    crc_make_slices(&crc64nvme);
#if defined(__x86_64__)
    crc_make_factors(&crc32);
    crc_make_factors(&crc64nvme);
#endif
    atomic_store_explicit(&update, widest(64), memory_order_relaxed);
}

static crc_update_function *chosen(void)
{
    pthread_once(&tables_once, make_tables);
    return atomic_load_explicit(&update, memory_order_relaxed);
}

unsigned poolmap_crc_limit_width(unsigned bytes)
{
    pthread_once(&tables_once, make_tables);
    crc_update_function *function = widest(bytes);
    atomic_store_explicit(&update, function, memory_order_relaxed);
#if defined(__x86_64__)
    return function == crc_update_by_64 ? 64 : function == crc_update_by_16 ? 16 : 8;
#else
    return 8;
#endif
}

// MARK: CRC-32

#if defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

uint32_t poolmap_crc32(uint32_t crc, const void *data, size_t bytes)
{
    const uint8_t *next = data;
    crc = ~crc;
    for (; bytes >= 8; bytes -= 8, next += 8) {
        crc = __crc32d(crc, crc_load_8(next));
    }
    for (; bytes > 0; bytes--, next++) {
        crc = __crc32b(crc, *next);
    }
    return ~crc;
}

#else

uint32_t poolmap_crc32(uint32_t crc, const void *data, size_t bytes)
{
    return ~(uint32_t)chosen()(&crc32, ~crc, data, bytes);
}

#endif

uint32_t poolmap_crc32_portable(uint32_t crc, const void *data, size_t bytes)
{
    pthread_once(&tables_once, make_tables);
    return ~(uint32_t)crc_update_by_table(&crc32, ~crc, data, bytes);
}

uint32_t poolmap_crc32_combine(uint32_t first, uint32_t second, uint64_t second_bytes)
{
    return (uint32_t)crc_shift(&crc32, first, second_bytes) ^ second;
}

// MARK: CRC-64/NVMe

uint64_t poolmap_crc64nvme(uint64_t crc, const void *data, size_t bytes)
{
    return ~chosen()(&crc64nvme, ~crc, data, bytes);
}

uint64_t poolmap_crc64nvme_portable(uint64_t crc, const void *data, size_t bytes)
{
    pthread_once(&tables_once, make_tables);
    return ~crc_update_by_table(&crc64nvme, ~crc, data, bytes);
}

uint64_t poolmap_crc64nvme_combine(uint64_t first, uint64_t second, uint64_t second_bytes)
{
    return crc_shift(&crc64nvme, first, second_bytes) ^ second;
}
