// BLAKE3's compression for LANES inputs at once, input n in lane n of every vector. This file is not a usual header:
// the file for each width includes it once, after defining
//
//   LANES          1, 4, 8 or 16: 32-bit words in a vector
//   LANES_NAME     the function to define, a blake3_many_function
//   LANES_TARGET   the attribute that lets the compiler use the CPU's instructions for that width, or nothing
//   LANES_ROTATES  1 where the CPU rotates the words of a vector; else shuffles and shifts do it
//   LANES_SETS     how many sets of LANES inputs are hashed together; see blake3_sets.h for more than 1
//
// The state is 16 vectors, vector w with word w of each lane, so the rounds are the same code at every width and no
// word ever crosses a lane. The message must be transposed into that shape. Rows of LANES words of LANES inputs are
// loaded and transposed: words within 16-byte pieces first, then whole pieces. Assembling the rows from pieces of
// several inputs would save shuffles, but was a tenth slower when measured.

#include <stdint.h>
#include <string.h>

#include "blake3_private.h"

// Short loops over vectors: as long as they are loops, the vectors are in memory.
#define UNROLL _Pragma("GCC unroll 16")
#define LANES_INLINE LANES_TARGET static inline __attribute__((always_inline))

#if LANES == 1
typedef uint32_t word;
#else
typedef uint32_t word __attribute__((vector_size(4 * LANES)));
typedef uint8_t bytes_of_word __attribute__((vector_size(4 * LANES)));
// As the input has it: at any address.
typedef uint32_t unaligned_word __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
#endif

// MARK: Rotation

#if LANES == 4
#define EACH_PIECE(a) a(0)
#elif LANES == 8
#define EACH_PIECE(a) a(0), a(16)
#elif LANES == 16
#define EACH_PIECE(a) a(0), a(16), a(32), a(48)
#endif

#define WORD_BY_16(p, w) p + w + 2, p + w + 3, p + w, p + w + 1
#define WORD_BY_8(p, w) p + w + 1, p + w + 2, p + w + 3, p + w
#define PIECE_BY_16(p) WORD_BY_16(p, 0), WORD_BY_16(p, 4), WORD_BY_16(p, 8), WORD_BY_16(p, 12)
#define PIECE_BY_8(p) WORD_BY_8(p, 0), WORD_BY_8(p, 4), WORD_BY_8(p, 8), WORD_BY_8(p, 12)

#define ROTATE_BY_SHIFTS(x, bits) ((x) >> (bits) | (x) << (32 - (bits)))
#if LANES == 1 || LANES_ROTATES
#define ROTATE_16(x) ROTATE_BY_SHIFTS(x, 16)
#define ROTATE_8(x) ROTATE_BY_SHIFTS(x, 8)
#else
// Whole bytes move in one instruction.
#define ROTATE_BYTES(x, from) \
    ((word)__builtin_shufflevector((bytes_of_word)(x), (bytes_of_word)(x), EACH_PIECE(from)))
#define ROTATE_16(x) ROTATE_BYTES(hidden(x), PIECE_BY_16)
#define ROTATE_8(x) ROTATE_BYTES(hidden(x), PIECE_BY_8)

// Hides from the compiler how `x` was made. Clang for x86 knows that shuffling a ^ b equals shuffling both, and does the
// latter, which is twice the work.
LANES_INLINE word hidden(word x)
{
#if defined(__x86_64__)
    __asm__("" : "+x"(x));
#endif
    return x;
}
#endif

// MARK: Rounds

// The first or second half of the specification's quarter round, for `count` columns or diagonals at a time. Each is a
// chain of dependent steps, so every step is done for all of them before the next. `x` holds a message word for each.
LANES_INLINE void mix_half(word *a, word *b, word *c, word *d, const word *x, int count, int half)
{
    UNROLL for (int n = 0; n < count; n++) {
        a[n] = a[n] + x[n] + b[n];
    }
    UNROLL for (int n = 0; n < count; n++) {
        word mixed = d[n] ^ a[n];
        d[n] = half == 0 ? ROTATE_16(mixed) : ROTATE_8(mixed);
    }
    UNROLL for (int n = 0; n < count; n++) {
        c[n] += d[n];
    }
    UNROLL for (int n = 0; n < count; n++) {
        word mixed = b[n] ^ c[n];
        b[n] = half == 0 ? ROTATE_BY_SHIFTS(mixed, 12) : ROTATE_BY_SHIFTS(mixed, 7);
    }
}

// Half a round: all columns, or all diagonals if `turn` is 1. Diagonal n has its second word in column n + 1, its third
// in n + 2 and its fourth in n + 3. `order` names two message words for each.
LANES_INLINE void mix_half_round(word *v, const word *message, const uint8_t *order, int turn)
{
    word b[4];
    word c[4];
    word d[4];
    word x[2][4];
    UNROLL for (int n = 0; n < 4; n++) {
        b[n] = v[4 + (n + turn) % 4];
        c[n] = v[8 + (n + 2 * turn) % 4];
        d[n] = v[12 + (n + 3 * turn) % 4];
        x[0][n] = message[order[2 * n]];
        x[1][n] = message[order[2 * n + 1]];
    }
    mix_half(v, b, c, d, x[0], 4, 0);
    mix_half(v, b, c, d, x[1], 4, 1);
    UNROLL for (int n = 0; n < 4; n++) {
        v[4 + (n + turn) % 4] = b[n];
        v[8 + (n + 2 * turn) % 4] = c[n];
        v[12 + (n + 3 * turn) % 4] = d[n];
    }
}

LANES_INLINE void mix_round(word *v, const word *message, const uint8_t *order)
{
    mix_half_round(v, message, order, 0);
    mix_half_round(v, message, order + 8, 1);
}

// Row r names the message's words in the order in which round r takes them: row r + 1 is the specification's
// permutation applied to row r. Written out, so that no round has to move the words.
static const uint8_t message_order[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

// `v` holds the chaining value, four words of the initial value, and counter, length and flags; it comes back mixed.
LANES_INLINE void mix_rounds(word *v, const word *message)
{
    mix_round(v, message, message_order[0]);
    mix_round(v, message, message_order[1]);
    mix_round(v, message, message_order[2]);
    mix_round(v, message, message_order[3]);
    mix_round(v, message, message_order[4]);
    mix_round(v, message, message_order[5]);
    mix_round(v, message, message_order[6]);
}

// MARK: Into lanes and out again

// `(word){0} + x` is x in every lane.
#define EVERY_LANE(x) ((word){0} + (uint32_t)(x))

// What the lanes read: lane n the input at `input + n * stride`; a lane beyond `count` repeats the last one, because
// there may be no memory after it.
struct lanes {
    const uint8_t *input;
    size_t stride;
    size_t count;
};

#if LANES == 1

LANES_INLINE void load_message(word *message, const struct lanes *lanes, size_t offset)
{
    memcpy(message, lanes->input + offset, BLOCK_BYTES);
}

LANES_INLINE void store_chaining_values(const word *h, uint8_t *output, size_t count)
{
    (void)count;
    memcpy(output, h, CHAINING_BYTES);
}

#else

// Four indices of a shuffle, the same in every piece of the vector; those from 100 on mean the second operand.
#define FROM(i, p) ((i) < 100 ? (i) + (p) : (i) - 100 + (p) + LANES)
#define IN_PIECE(p, i, j, k, l) FROM(i, p), FROM(j, p), FROM(k, p), FROM(l, p)
#if LANES == 4
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, IN_PIECE(0, i, j, k, l))
#elif LANES == 8
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, IN_PIECE(0, i, j, k, l), IN_PIECE(4, i, j, k, l))
#else
#define SHUFFLE(a, b, i, j, k, l) \
    __builtin_shufflevector( \
        a, b, IN_PIECE(0, i, j, k, l), IN_PIECE(4, i, j, k, l), IN_PIECE(8, i, j, k, l), IN_PIECE(12, i, j, k, l))
#endif

#if LANES == 16
// Pieces 0 and 2, or 1 and 3, of both operands.
#define PIECE(p) p, p + 1, p + 2, p + 3
#define EVEN_PIECES(a, b) __builtin_shufflevector(a, b, PIECE(0), PIECE(8), PIECE(16), PIECE(24))
#define ODD_PIECES(a, b) __builtin_shufflevector(a, b, PIECE(4), PIECE(12), PIECE(20), PIECE(28))
#endif

// In each piece, word c of row r becomes word r of row c.
LANES_INLINE void transpose_pieces(word *rows)
{
    word low_01 = SHUFFLE(rows[0], rows[1], 0, 100, 1, 101);
    word high_01 = SHUFFLE(rows[0], rows[1], 2, 102, 3, 103);
    word low_23 = SHUFFLE(rows[2], rows[3], 0, 100, 1, 101);
    word high_23 = SHUFFLE(rows[2], rows[3], 2, 102, 3, 103);
    rows[0] = SHUFFLE(low_01, low_23, 0, 1, 100, 101);
    rows[1] = SHUFFLE(low_01, low_23, 2, 3, 102, 103);
    rows[2] = SHUFFLE(high_01, high_23, 0, 1, 100, 101);
    rows[3] = SHUFFLE(high_01, high_23, 2, 3, 102, 103);
}

#define PREFETCH_BYTES 128

// Prefetches what each lane reads two blocks later. The lanes are a chunk apart, which are more streams than the CPU
// tracks by itself. An address past the input does no harm.
LANES_INLINE void prefetch(const struct lanes *lanes, size_t offset)
{
    uintptr_t ahead = (uintptr_t)lanes->input + offset + PREFETCH_BYTES;
    for (size_t lane = 0; lane < LANES; lane++) {
        __builtin_prefetch((const void *)(ahead + lane * lanes->stride));
    }
}

// Piece p of row c + 4g, for each of c = 0 to 3, becomes piece g of row c + 4p.
LANES_INLINE void transpose_rows(word *rows)
{
#if LANES == 8
    UNROLL for (int c = 0; c < 4; c++) {
        word low = __builtin_shufflevector(rows[c], rows[c + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        rows[c + 4] = __builtin_shufflevector(rows[c], rows[c + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        rows[c] = low;
    }
#elif LANES == 16
    UNROLL for (int c = 0; c < 4; c++) {
        word even_low = EVEN_PIECES(rows[c], rows[c + 4]);
        word odd_low = ODD_PIECES(rows[c], rows[c + 4]);
        word even_high = EVEN_PIECES(rows[c + 8], rows[c + 12]);
        word odd_high = ODD_PIECES(rows[c + 8], rows[c + 12]);
        rows[c] = EVEN_PIECES(even_low, even_high);
        rows[c + 4] = EVEN_PIECES(odd_low, odd_high);
        rows[c + 8] = ODD_PIECES(even_low, even_high);
        rows[c + 12] = ODD_PIECES(odd_low, odd_high);
    }
#else
    // A row is one piece.
    (void)rows;
#endif
}

// Loads LANES words of each lane, from `offset` on: word n of all lanes into row n.
LANES_INLINE void load_words(word *rows, const struct lanes *lanes, size_t offset)
{
    UNROLL for (size_t lane = 0; lane < LANES; lane++) {
        size_t present = lane < lanes->count ? lane : lanes->count - 1;
        rows[lane] = *(const unaligned_word *)(lanes->input + present * lanes->stride + offset);
    }
    UNROLL for (size_t row = 0; row < LANES; row += 4) {
        transpose_pieces(rows + row);
    }
    transpose_rows(rows);
}

LANES_INLINE void load_message(word *message, const struct lanes *lanes, size_t offset)
{
    prefetch(lanes, offset);
    UNROLL for (size_t first = 0; first < 16; first += LANES) {
        load_words(message + first, lanes, offset + 4 * first);
    }
}

LANES_INLINE void store_chaining_values(const word *h, uint8_t *output, size_t count)
{
    word turned[8];
    memcpy(turned, h, sizeof turned);
    transpose_pieces(turned);
    transpose_pieces(turned + 4);
    for (size_t lane = 0; lane < count; lane++) {
        // The lane's place is in row lane % 4, piece lane / 4.
        const char *low = (const char *)&turned[lane % 4] + lane / 4 * 16;
        const char *high = (const char *)&turned[4 + lane % 4] + lane / 4 * 16;
        memcpy(output + lane * CHAINING_BYTES, low, 16);
        memcpy(output + lane * CHAINING_BYTES + 16, high, 16);
    }
}

#endif

// MARK: Many inputs

// The counters of the lanes' inputs, of which the first is `counter`: their low and their high halves.
LANES_INLINE void set_counters(word *low, word *high, const struct blake3_many *many, uint64_t counter)
{
    uint32_t lows[LANES];
    uint32_t highs[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
        uint64_t of_lane = counter + (many->counter_grows ? lane : 0);
        lows[lane] = (uint32_t)of_lane;
        highs[lane] = (uint32_t)(of_lane >> 32);
    }
    memcpy(low, lows, sizeof lows);
    memcpy(high, highs, sizeof highs);
}

LANES_INLINE uint32_t flags_of_block(const struct blake3_many *many, size_t block)
{
    return many->flags | (block == 0 ? many->first_flags : 0) | (block == many->blocks - 1 ? many->last_flags : 0);
}

LANES_INLINE void hash_lanes(
    const struct blake3_many *many, const struct lanes *lanes, uint64_t counter, uint8_t *output)
{
    word counter_low;
    word counter_high;
    set_counters(&counter_low, &counter_high, many, counter);
    word h[8];
    for (int i = 0; i < 8; i++) {
        h[i] = EVERY_LANE(many->key[i]);
    }
    for (size_t block = 0; block < many->blocks; block++) {
        word message[16];
        load_message(message, lanes, block * BLOCK_BYTES);
        word v[16] = {
            h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7],
            EVERY_LANE(INITIAL_0), EVERY_LANE(INITIAL_1), EVERY_LANE(INITIAL_2), EVERY_LANE(INITIAL_3),
            counter_low, counter_high, EVERY_LANE(BLOCK_BYTES), EVERY_LANE(flags_of_block(many, block)),
        };
        mix_rounds(v, message);
        for (int i = 0; i < 8; i++) {
            h[i] = v[i] ^ v[i + 8];
        }
    }
    store_chaining_values(h, output, lanes->count);
}

#if LANES_SETS > 1
#include "blake3_sets.h"
#endif

LANES_TARGET void LANES_NAME(const struct blake3_many *many)
{
    size_t stride = many->blocks * BLOCK_BYTES;
    size_t done = 0;
#if LANES_SETS > 1
    done = hash_sets(many);
#endif
    for (; done < many->count; done += LANES) {
        size_t left = many->count - done;
        struct lanes lanes = {many->input + done * stride, stride, left};
        uint64_t counter = many->counter + (many->counter_grows ? done : 0);
        uint8_t *output = many->output + done * CHAINING_BYTES;
        if (left >= LANES) {
            // A number that the compiler knows, so that no lane is compared with it.
            lanes.count = LANES;
            hash_lanes(many, &lanes, counter, output);
        } else {
            hash_lanes(many, &lanes, counter, output);
        }
    }
}
