// One input at a time, and the single compression that the last block of a chunk and the root need.

#define LANES 1
#define LANES_NAME blake3_many_portable
#define LANES_TARGET
#define LANES_ROTATES 1
#define LANES_SETS 1

#include "blake3_lanes.h"

void blake3_compress(const uint32_t chaining[8], const uint8_t *block, uint64_t counter, uint32_t block_bytes,
    uint32_t flags, uint32_t output[16])
{
    uint32_t message[16];
    memcpy(message, block, sizeof message);
    uint32_t v[16] = {
        chaining[0], chaining[1], chaining[2], chaining[3], chaining[4], chaining[5], chaining[6], chaining[7],
        INITIAL_0, INITIAL_1, INITIAL_2, INITIAL_3,
        (uint32_t)counter, (uint32_t)(counter >> 32), block_bytes, flags,
    };
    mix_rounds(v, message);
    for (int i = 0; i < 8; i++) {
        output[i] = v[i] ^ v[i + 8];
        output[i + 8] = v[i + 8] ^ chaining[i];
    }
}
