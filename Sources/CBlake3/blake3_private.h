#ifndef POOLMAP_BLAKE3_PRIVATE_H
#define POOLMAP_BLAKE3_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "BLAKE3's words are little-endian, and are loaded here as they lie in memory"
#endif

#define BLOCK_BYTES 64
#define CHUNK_BYTES 1024
#define CHUNK_BLOCKS 16
#define CHAINING_BYTES 32

// SHA-256's initial value: it is the key of plain hashing, and half of it is the second row of every compression.
#define INITIAL_0 UINT32_C(0x6A09E667)
#define INITIAL_1 UINT32_C(0xBB67AE85)
#define INITIAL_2 UINT32_C(0x3C6EF372)
#define INITIAL_3 UINT32_C(0xA54FF53A)
#define INITIAL_4 UINT32_C(0x510E527F)
#define INITIAL_5 UINT32_C(0x9B05688C)
#define INITIAL_6 UINT32_C(0x1F83D9AB)
#define INITIAL_7 UINT32_C(0x5BE0CD19)

// Table 3 of the specification.
enum {
    FLAG_CHUNK_START = 1 << 0,
    FLAG_CHUNK_END = 1 << 1,
    FLAG_PARENT = 1 << 2,
    FLAG_ROOT = 1 << 3,
    FLAG_KEYED_HASH = 1 << 4,
    FLAG_DERIVE_KEY_CONTEXT = 1 << 5,
    FLAG_DERIVE_KEY_MATERIAL = 1 << 6,
};

// `count` inputs of `blocks` whole blocks each, consecutive from `input` on. Their chaining values go to `output`, 32
// bytes each. `output` may overlap `input` if it starts at most CHAINING_BYTES after it and each input has one block:
// the inputs of a group are read before its results are written.
struct blake3_many {
    const uint8_t *input;
    size_t count;
    size_t blocks;
    const uint32_t *key;
    // The counter of the first input; the next one's is one more (chunks) or the same (parents).
    uint64_t counter;
    bool counter_grows;
    uint32_t flags;
    uint32_t first_flags;
    uint32_t last_flags;
    uint8_t *output;
};

typedef void blake3_many_function(const struct blake3_many *many);

// One for each width; do not call those that the CPU does not support.
blake3_many_function blake3_many_portable;
#if defined(__x86_64__)
blake3_many_function blake3_many_sse41;
blake3_many_function blake3_many_avx2;
blake3_many_function blake3_many_avx512;
#elif defined(__aarch64__)
blake3_many_function blake3_many_neon;
#endif

// Hashes `many` with the widest functions that the CPU supports, and the last few inputs with narrower ones.
void blake3_hash_many(const struct blake3_many *many);

// One compression: all 16 words of its output. `block` has BLOCK_BYTES bytes, with zeros after the first `block_bytes`.
void blake3_compress(const uint32_t chaining[8], const uint8_t *block, uint64_t counter, uint32_t block_bytes,
    uint32_t flags, uint32_t output[16]);

#endif
