// Holds BLAKE3 at every width, and through every way in, against its definition written as plainly as can be.
//
// scripts/check-blake3.sh compiles and runs it, with the address and undefined sanitizers. It needs no Swift, so it also
// runs where only a C compiler is, such as under an emulator of another CPU. Prints what it did, or the first difference
// with the seed, and then leaves with status 1. The only argument is a seed, or `instructions`: then it only prints what
// this CPU is hashed with.

#include "blake3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LARGEST 3000000
#define HASH_BYTES 150

static uint64_t seed;
static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

// MARK: The definition

static uint32_t rotate(uint32_t x, int bits)
{
    return x >> bits | x << (32 - bits);
}

static void quarter(uint32_t *v, int a, int b, int c, int d, uint32_t x, uint32_t y)
{
    v[a] += v[b] + x;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 12);
    v[a] += v[b] + y;
    v[d] = rotate(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 7);
}

static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static void compress(
    const uint32_t *h, const uint8_t *block, uint64_t counter, uint32_t bytes, uint32_t flags, uint32_t *output)
{
    static const int permutation[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
    uint32_t m[16];
    uint32_t v[16];
    for (int i = 0; i < 16; i++) {
        m[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 | (uint32_t)block[4 * i + 2] << 16
            | (uint32_t)block[4 * i + 3] << 24;
        v[i] = i < 8 ? h[i] : initial[i - 8];
    }
    v[12] = (uint32_t)counter;
    v[13] = (uint32_t)(counter >> 32);
    v[14] = bytes;
    v[15] = flags;
    for (int round = 0; round < 7; round++) {
        for (int i = 0; i < 4; i++) {
            quarter(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1]);
        }
        for (int i = 0; i < 4; i++) {
            quarter(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i]);
        }
        uint32_t moved[16];
        for (int i = 0; i < 16; i++) {
            moved[i] = m[permutation[i]];
        }
        memcpy(m, moved, sizeof m);
    }
    for (int i = 0; i < 8; i++) {
        output[i] = v[i] ^ v[i + 8];
        output[i + 8] = v[i + 8] ^ h[i];
    }
}

// The last compression of the node over `bytes` bytes: as the root to `hash`, else its chaining value to `chaining`.
static void define(const blake3_mode *mode, const uint8_t *data, size_t bytes, uint64_t chunk, uint32_t *chaining,
    uint8_t *hash)
{
    uint32_t h[8];
    uint8_t block[64] = {0};
    uint32_t block_bytes = 64;
    uint32_t flags = mode->flags;
    uint64_t counter = chunk;
    uint32_t output[16];
    memcpy(h, mode->key, sizeof h);
    if (bytes <= 1024) {
        flags |= 1;
        for (; bytes > 64; bytes -= 64, data += 64) {
            compress(h, data, counter, 64, flags, output);
            memcpy(h, output, sizeof h);
            flags = mode->flags;
        }
        memcpy(block, data, bytes);
        block_bytes = (uint32_t)bytes;
        flags |= 2;
    } else {
        size_t left = 1024;
        while (left * 2 < bytes) {
            left *= 2;
        }
        uint32_t children[16];
        define(mode, data, left, chunk, children, NULL);
        define(mode, data + left, bytes - left, chunk + left / 1024, children + 8, NULL);
        memcpy(block, children, sizeof block);
        flags |= 4;
        counter = 0;
    }
    if (hash == NULL) {
        compress(h, block, counter, block_bytes, flags, output);
        memcpy(chaining, output, 32);
        return;
    }
    for (size_t done = 0; done < HASH_BYTES; done += 64) {
        compress(h, block, done / 64, block_bytes, flags | 8, output);
        memcpy(hash + done, output, HASH_BYTES - done < 64 ? HASH_BYTES - done : 64);
    }
}

// MARK: The ways in

static void expect(const uint8_t *found, const uint8_t *defined, size_t bytes, const char *how, size_t length)
{
    if (memcmp(found, defined, bytes) != 0) {
        fprintf(stderr, "%s: %zu bytes %s give another hash (seed %" PRIu64 ")\n", blake3_instructions(), length, how,
            seed);
        exit(1);
    }
}

static void take_in(blake3_hasher *hasher, const uint8_t *data, size_t bytes)
{
    for (size_t done = 0; done < bytes; ) {
        uint64_t whole_chunks = 1024 * (1 + random_below(1 + bytes / 1024));
        size_t part = random_below(3) == 0 ? whole_chunks : random_below(random_below(2) == 0 ? 3000 : bytes + 1);
        part = part < bytes - done ? part : bytes - done;
        blake3_hasher_update(hasher, data + done, part);
        if (random_below(8) == 0) {
            // To look must change nothing.
            uint8_t ignored[32];
            blake3_hasher_finalize(hasher, 0, ignored, sizeof ignored);
            blake3_hasher_chaining(hasher, ignored);
        }
        done += part;
    }
}

static void in_random_parts(const blake3_mode *mode, const uint8_t *data, size_t bytes, uint8_t *hash)
{
    blake3_hasher hasher;
    memset(&hasher, 0xA5, sizeof hasher);
    blake3_hasher_init(&hasher, mode);
    take_in(&hasher, data, bytes);
    // In two parts of the hash as well, the second first.
    size_t cut = random_below(HASH_BYTES + 1);
    blake3_hasher_finalize(&hasher, cut, hash + cut, HASH_BYTES - cut);
    blake3_hasher_finalize(&hasher, 0, hash, cut);
}

// A piece that comes in parts, as a worker reads it.
static void piece_in_parts(const blake3_mode *mode, const uint8_t *data, size_t bytes, uint64_t chunk,
    const uint8_t *defined)
{
    blake3_hasher hasher;
    memset(&hasher, 0xA5, sizeof hasher);
    blake3_hasher_init_piece(&hasher, mode, chunk);
    take_in(&hasher, data, bytes);
    uint8_t chaining[32];
    if (!blake3_hasher_chaining(&hasher, chaining)) {
        fprintf(stderr, "a piece of %zu bytes in parts is refused (seed %" PRIu64 ")\n", bytes, seed);
        exit(1);
    }
    expect(chaining, defined, 32, "as a piece in parts", bytes);
}

static void in_pieces(const blake3_mode *mode, const uint8_t *data, size_t bytes, uint8_t *hash, const uint8_t *defined)
{
    size_t piece_bytes = (size_t)1024 << random_below(bytes < 20000 ? 4 : 12);
    size_t count = bytes == 0 ? 1 : (bytes + piece_bytes - 1) / piece_bytes;
    uint8_t *chaining = malloc(count * 32);
    blake3_joiner joiner;
    memset(&joiner, 0xA5, sizeof joiner);
    blake3_joiner_init(&joiner, mode);
    uint8_t root[32];
    for (size_t piece = 0; piece < count; piece++) {
        size_t begin = piece * piece_bytes;
        size_t length = bytes - begin < piece_bytes ? bytes - begin : piece_bytes;
        if (!blake3_subtree(
                mode, data + begin, length, begin / 1024, chaining + 32 * piece, piece == 0 ? root : NULL)) {
            fprintf(stderr, "a piece of %zu bytes at %zu is refused (seed %" PRIu64 ")\n", length, begin, seed);
            exit(1);
        }
        uint32_t one[8];
        define(mode, data + begin, length, begin / 1024, one, NULL);
        expect(chaining + 32 * piece, (const uint8_t *)one, 32, "as a piece", length);
        piece_in_parts(mode, data + begin, length, begin / 1024, (const uint8_t *)one);
        blake3_joiner_add(&joiner, chaining + 32 * piece);
    }
    memset(hash, 0, HASH_BYTES);
    if (count == 1) {
        expect(root, defined, 32, "as the only piece", bytes);
        if (blake3_joiner_finalize(&joiner, 0, hash, 32) || blake3_join(mode, chaining, 1, hash, 32)) {
            fprintf(stderr, "a single piece is joined\n");
            exit(1);
        }
    } else {
        blake3_joiner_finalize(&joiner, 7, hash, HASH_BYTES - 7);
        expect(hash, defined + 7, HASH_BYTES - 7, "joined one by one", bytes);
        blake3_join(mode, chaining, count, hash, HASH_BYTES);
        expect(hash, defined, HASH_BYTES, "joined at once", bytes);
    }
    free(chaining);
}

static void check(const blake3_mode *mode, const uint8_t *random_data, size_t bytes)
{
    static const unsigned widths[] = {1, 4, 8, 16};
    uint8_t defined[HASH_BYTES];
    uint8_t hash[HASH_BYTES];
    // A block of just that size, so that reading beyond it is seen; its data begins anywhere in a word.
    size_t shift = random_below(64);
    uint8_t *block = malloc(shift + bytes + 1);
    uint8_t *data = block + shift + 1;
    memcpy(data, random_data, bytes);
    define(mode, data, bytes, 0, NULL, defined);
    for (int i = 0; i < 4; i++) {
        if (blake3_use_lanes(widths[i])) {
            blake3_hash(mode, data, bytes, hash, HASH_BYTES);
            expect(hash, defined, HASH_BYTES, "at once", bytes);
            in_random_parts(mode, data, bytes, hash);
            expect(hash, defined, HASH_BYTES, "in parts", bytes);
            in_pieces(mode, data, bytes, hash, defined);
        }
    }
    blake3_use_lanes(0);
    free(block);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "instructions") == 0) {
        puts(blake3_instructions());
        return 0;
    }
    seed = count > 1 ? strtoull(arguments[1], NULL, 10) : (uint64_t)time(NULL);
    random_state = seed * 2 + 1;
    uint8_t *data = malloc(LARGEST);
    for (size_t i = 0; i < LARGEST; i++) {
        data[i] = (uint8_t)random_below(256);
    }
    const blake3_mode modes[] = {
        blake3_hash_mode(), blake3_keyed_mode(data), blake3_derive_key_mode("check 2026", strlen("check 2026"))};
    for (int mode = 0; mode < 3; mode++) {
        for (size_t bytes = 0; bytes <= 5000; bytes++) {
            check(&modes[mode], data, bytes);
        }
    }
    // Every number of chunks, up to several times what the kernels take together: each leaves another rest.
    for (size_t chunks = 5; chunks <= 80; chunks++) {
        check(&modes[chunks % 3], data, chunks * 1024 + chunks % 2);
    }
    for (int i = 0; i < 120; i++) {
        check(&modes[i % 3], data, random_below(i % 2 == 0 ? 300000 : LARGEST));
        check(&modes[i % 3], data, random_below(300) * 1024 + random_below(2));
    }
    // Counters beyond 32 bits, as of an input of 4 TiB and more.
    for (uint64_t chunk = (UINT64_C(1) << 32) - 64; chunk < (UINT64_C(1) << 32) + 64; chunk += 32) {
        for (size_t bytes = 0; bytes < 32 * 1024; bytes += 777) {
            uint8_t chaining[32];
            uint32_t defined[8];
            if (blake3_subtree(&modes[1], data, bytes, chunk, chaining, NULL)) {
                define(&modes[1], data, bytes, chunk, defined, NULL);
                expect(chaining, (const uint8_t *)defined, 32, "far on", bytes);
            } else if (bytes > 0) {
                fprintf(stderr, "a piece of %zu bytes at chunk %" PRIu64 " is refused\n", bytes, chunk);
                return 1;
            }
        }
    }
    printf("%s and narrower: all as defined (seed %" PRIu64 ")\n", blake3_instructions(), seed);
    free(data);
    return 0;
}
