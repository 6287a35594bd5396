// Single nodes of the tree.

#include "blake3_tree.h"

#include <string.h>

void blake3_chunk_node(
    struct blake3_node *node, const blake3_mode *mode, const uint8_t *data, size_t bytes, uint64_t chunk)
{
    memcpy(node->chaining, mode->key, sizeof node->chaining);
    node->counter = chunk;
    uint32_t start = FLAG_CHUNK_START;
    for (; bytes > BLOCK_BYTES; bytes -= BLOCK_BYTES, data += BLOCK_BYTES) {
        uint32_t output[16];
        blake3_compress(node->chaining, data, chunk, BLOCK_BYTES, mode->flags | start, output);
        memcpy(node->chaining, output, sizeof node->chaining);
        start = 0;
    }
    memset(node->block, 0, sizeof node->block);
    if (bytes > 0) {
        memcpy(node->block, data, bytes);
    }
    node->block_bytes = (uint32_t)bytes;
    node->flags = mode->flags | start | FLAG_CHUNK_END;
}

void blake3_parent_node(struct blake3_node *node, const blake3_mode *mode, const uint8_t left[CHAINING_BYTES],
    const uint8_t right[CHAINING_BYTES])
{
    memcpy(node->block + CHAINING_BYTES, right, CHAINING_BYTES);
    memcpy(node->block, left, CHAINING_BYTES);
    memcpy(node->chaining, mode->key, sizeof node->chaining);
    node->counter = 0;
    node->block_bytes = BLOCK_BYTES;
    node->flags = mode->flags | FLAG_PARENT;
}

void blake3_node_chaining(const struct blake3_node *node, uint8_t chaining[CHAINING_BYTES])
{
    uint32_t output[16];
    blake3_compress(node->chaining, node->block, node->counter, node->block_bytes, node->flags, output);
    memcpy(chaining, output, CHAINING_BYTES);
}

void blake3_node_hash(const struct blake3_node *node, uint64_t offset, uint8_t *output, size_t output_bytes)
{
    uint64_t counter = offset / BLOCK_BYTES;
    size_t skipped = offset % BLOCK_BYTES;
    for (; output_bytes > 0; counter++) {
        uint32_t words[16];
        blake3_compress(
            node->chaining, node->block, counter, node->block_bytes, node->flags | FLAG_ROOT, words);
        size_t bytes = BLOCK_BYTES - skipped < output_bytes ? BLOCK_BYTES - skipped : output_bytes;
        memcpy(output, (const char *)words + skipped, bytes);
        output += bytes;
        output_bytes -= bytes;
        skipped = 0;
    }
}

void blake3_fold(struct blake3_node *node, const blake3_mode *mode, const uint8_t *stack, size_t depth)
{
    while (depth > 0) {
        depth--;
        uint8_t right[CHAINING_BYTES];
        blake3_node_chaining(node, right);
        blake3_parent_node(node, mode, stack + depth * CHAINING_BYTES, right);
    }
}
