#ifndef POOLMAP_BLAKE3_TREE_H
#define POOLMAP_BLAKE3_TREE_H

#include "blake3.h"
#include "blake3_private.h"

// The last compression of a node, before it is done: its first half is the node's chaining value or, with the root's
// flag and a separate counter for every 64 bytes, the hash.
struct blake3_node {
    uint32_t chaining[8];
    uint8_t block[BLOCK_BYTES];
    uint64_t counter;
    uint32_t block_bytes;
    uint32_t flags;
};

// The node of a single chunk of 0 to CHUNK_BYTES bytes.
void blake3_chunk_node(
    struct blake3_node *node, const blake3_mode *mode, const uint8_t *data, size_t bytes, uint64_t chunk);

// The node above two others.
void blake3_parent_node(struct blake3_node *node, const blake3_mode *mode, const uint8_t left[CHAINING_BYTES],
    const uint8_t right[CHAINING_BYTES]);

// The node's chaining value.
void blake3_node_chaining(const struct blake3_node *node, uint8_t chaining[CHAINING_BYTES]);

// The hash, from byte `offset` on, if the node is the root.
void blake3_node_hash(const struct blake3_node *node, uint64_t offset, uint8_t *output, size_t output_bytes);

// Makes `node` the top one, by joining it with the `depth` nodes to its left, whose chaining values are in `stack`.
void blake3_fold(struct blake3_node *node, const blake3_mode *mode, const uint8_t *stack, size_t depth);

#endif
