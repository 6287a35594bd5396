// The choice among the vector widths.

#include "blake3.h"
#include "blake3_private.h"

#include <stdatomic.h>

// glibc also knows which instructions the user has turned off: GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F runs a program
// as on a CPU without AVX-512.
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define LEFT_ON(feature) CPU_FEATURE_ACTIVE(feature)
#else
#define LEFT_ON(feature) true
#endif

struct width {
    unsigned lanes;
    const char *instructions;
    blake3_many_function *many;
};

// The widest first; the last one must work on every CPU.
static const struct width widths[] = {
#if defined(__x86_64__)
    {16, "AVX-512", blake3_many_avx512},
    {8, "AVX2", blake3_many_avx2},
    {4, "SSE4.1", blake3_many_sse41},
#elif defined(__aarch64__)
    {4, "NEON", blake3_many_neon},
#endif
    {1, "portable", blake3_many_portable},
};

#define WIDTHS (sizeof widths / sizeof widths[0])

// One more than the index of the widest in use; 0 until it is determined. Two threads that do so at the same time find
// the same value, and a forked child inherits its parent's.
static _Atomic size_t chosen;

static bool cpu_has(unsigned lanes)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (lanes) {
    case 16:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && LEFT_ON(AVX512F);
    case 8:
        return __builtin_cpu_supports("avx2") && LEFT_ON(AVX2);
    case 4:
        return __builtin_cpu_supports("sse4.1") && LEFT_ON(SSE4_1);
    default:
        return true;
    }
#else
    (void)lanes;
    return true;
#endif
}

// The index of the widest in use.
static size_t widest(void)
{
    size_t found = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (found == 0) {
        while (!cpu_has(widths[found].lanes)) {
            found++;
        }
        found++;
        atomic_store_explicit(&chosen, found, memory_order_relaxed);
    }
    return found - 1;
}

unsigned blake3_lanes(void)
{
    return widths[widest()].lanes;
}

const char *blake3_instructions(void)
{
    return widths[widest()].instructions;
}

bool blake3_use_lanes(unsigned lanes)
{
    if (lanes == 0) {
        atomic_store_explicit(&chosen, 0, memory_order_relaxed);
        return true;
    }
    for (size_t i = 0; i < WIDTHS; i++) {
        if (widths[i].lanes == lanes && cpu_has(lanes)) {
            atomic_store_explicit(&chosen, i + 1, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

void blake3_hash_many(const struct blake3_many *many)
{
    struct blake3_many part = *many;
    size_t left = many->count;
    for (size_t i = widest(); left > 0; ) {
        unsigned lanes = widths[i].lanes;
        // A vector takes the same time however many of its lanes are used: half full, it is no slower than a narrower
        // one.
        if (2 * left < lanes) {
            i++;
            continue;
        }
        part.count = left < lanes ? left : left - left % lanes;
        widths[i].many(&part);
        left -= part.count;
        part.input += part.count * part.blocks * BLOCK_BYTES;
        part.output += part.count * CHAINING_BYTES;
        part.counter += part.counter_grows ? part.count : 0;
    }
}
