// Hashes several sets of LANES inputs together, for CPUs whose registers hold the state of only one set.
// blake3_lanes.h includes this file, which is not a header either.
//
// The rounds of one set leave about a quarter of the CPU's vector units idle: there are four chains of steps, and each
// step waits for the one before it. Here LANES_SETS sets take turns, half a round each, so an out-of-order CPU always
// finds steps of another set to execute. The registers cannot hold that many states, so the states stay in memory and
// each load takes two columns or diagonals. The words of the next block are loaded and transposed in between, because
// they wait for none of these steps.
//
// On an AMD Zen 4 with AVX-512 turned off, three sets together take 0.87 of the time of three in a row, or 0.9 while
// something else loads the core. Two take 0.9. Four are slower than three: 32 chunks that are 1,024 bytes apart compete
// for the same few sets of the first-level cache.

// No load or store crosses this. Without it clang takes more columns at a time than the registers hold.
#define BARRIER() __asm__ volatile("" ::: "memory")

struct set {
    // The first half of the state. Between blocks these are the chaining values.
    word h[8];
    // The second half of the state.
    word g[8];
    // The last four words of the state at the beginning of a block: counter (two words), length and flags.
    word last[4];
    // The words of the current block and of the next one: those of block n are in n % 2.
    word message[2][16];
    const uint8_t *input;
};

#define HALF_ROUNDS 14

// Mixes columns or diagonals `first` and `first` + 2 for half a round. These two belong together because, in the last
// half round, four words of the chaining values follow from their results alone.
LANES_INLINE void mix_two(struct set *set, const word *message, int half_round, int first)
{
    static const uint32_t initial[4] = {INITIAL_0, INITIAL_1, INITIAL_2, INITIAL_3};
    const uint8_t *order = message_order[half_round / 2] + half_round % 2 * 8;
    int turn = half_round % 2;
    word a[2];
    word b[2];
    word c[2];
    word d[2];
    word x[2][2];
    UNROLL for (int k = 0; k < 2; k++) {
        int n = first + 2 * k;
        a[k] = set->h[n];
        b[k] = set->h[4 + (n + turn) % 4];
        c[k] = half_round == 0 ? EVERY_LANE(initial[n]) : set->g[(n + 2 * turn) % 4];
        d[k] = half_round == 0 ? set->last[n] : set->g[4 + (n + 3 * turn) % 4];
        x[0][k] = message[order[2 * n]];
        x[1][k] = message[order[2 * n + 1]];
    }
    mix_half(a, b, c, d, x[0], 2, 0);
    mix_half(a, b, c, d, x[1], 2, 1);
    UNROLL for (int k = 0; k < 2; k++) {
        int n = first + 2 * k;
        if (half_round == HALF_ROUNDS - 1) {
            set->h[n] = a[k] ^ c[1 - k];
            set->h[4 + (n + 1) % 4] = b[k] ^ d[1 - k];
        } else {
            set->h[n] = a[k];
            set->h[4 + (n + turn) % 4] = b[k];
            set->g[(n + 2 * turn) % 4] = c[k];
            set->g[4 + (n + 3 * turn) % 4] = d[k];
        }
    }
    BARRIER();
}

// The first half round that loads words of the next block. Each loads LANES of them, until all 16 are there.
#define FIRST_LOADING 3

LANES_INLINE void load_next(const struct blake3_many *many, struct set *set, size_t block, int half_round)
{
    int first = (half_round - FIRST_LOADING) * LANES;
    if (first >= 0 && first < 16) {
        struct lanes lanes = {set->input, many->blocks * BLOCK_BYTES, LANES};
        size_t offset = (block + 1) * BLOCK_BYTES;
        if (first == 0) {
            prefetch(&lanes, offset);
        }
        load_words(set->message[(block + 1) % 2] + first, &lanes, offset + 4 * (size_t)first);
        BARRIER();
    }
}

LANES_TARGET static void hash_block(const struct blake3_many *many, struct set *sets, const struct set *end, size_t block)
{
    for (struct set *set = sets; set < end; set++) {
        set->last[3] = EVERY_LANE(flags_of_block(many, block));
    }
    bool others_follow = block + 1 < many->blocks;
    UNROLL for (int half_round = 0; half_round < HALF_ROUNDS; half_round++) {
        for (struct set *set = sets; set < end; set++) {
            const word *message = set->message[block % 2];
            mix_two(set, message, half_round, 0);
            if (others_follow) {
                load_next(many, set, block, half_round);
            }
            mix_two(set, message, half_round, 1);
        }
    }
}

// Hashes `count` sets, from input `done` on.
LANES_TARGET static void hash_some_sets(const struct blake3_many *many, size_t done, size_t count)
{
    size_t stride = many->blocks * BLOCK_BYTES;
    struct set sets[LANES_SETS];
    for (size_t s = 0; s < count; s++) {
        struct set *set = &sets[s];
        size_t first = done + s * LANES;
        set->input = many->input + first * stride;
        set_counters(&set->last[0], &set->last[1], many, many->counter + (many->counter_grows ? first : 0));
        set->last[2] = EVERY_LANE(BLOCK_BYTES);
        UNROLL for (int i = 0; i < 8; i++) {
            set->h[i] = EVERY_LANE(many->key[i]);
        }
        struct lanes lanes = {set->input, stride, LANES};
        load_message(set->message[0], &lanes, 0);
    }
    for (size_t block = 0; block < many->blocks; block++) {
        hash_block(many, sets, sets + count, block);
    }
    for (size_t s = 0; s < count; s++) {
        store_chaining_values(sets[s].h, many->output + (done + s * LANES) * CHAINING_BYTES, LANES);
    }
}

// Hashes the whole sets, unless there is only one, and returns the number of inputs that it has hashed.
LANES_TARGET static size_t hash_sets(const struct blake3_many *many)
{
    size_t done = 0;
    for (size_t left = many->count / LANES; left > 1; left = (many->count - done) / LANES) {
        size_t count = left < LANES_SETS ? left : LANES_SETS;
        // No set is left alone: the last four are taken as two and two.
        if (left - count == 1 && count > 2) {
            count--;
        }
        hash_some_sets(many, done, count);
        done += count * LANES;
    }
    return done;
}
