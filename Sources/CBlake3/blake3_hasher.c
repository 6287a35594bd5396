// Hashing data in order, hashing subtrees, and joining subtrees.
//
// The chaining values of the chunks so far are on a stack, each for the largest possible complete subtree, the largest
// at the bottom: the sizes are the binary digits of the number of chunks, and adding a chunk joins subtrees at the
// stack's top like a carry in binary addition. One node must wait: if the number of chunks is a power of two, the node
// above all of them may be the root, which has no chaining value. It stays as its two children until more data comes. A
// single chunk may be the root as well, so it stays in the buffer.
//
// Chunks and parents are hashed many at a time, level by level, in one array: a parent's chaining value replaces those
// of its children.

#include "blake3_tree.h"

#include <string.h>

// At a level with few nodes some lanes are empty, which costs some ten compressions for each batch: little beside those
// of 256 chunks, whose chaining values take 8 KiB of the stack.
#define BATCH_CHUNKS 256

// MARK: Modes

blake3_mode blake3_hash_mode(void)
{
    blake3_mode mode = {
        {INITIAL_0, INITIAL_1, INITIAL_2, INITIAL_3, INITIAL_4, INITIAL_5, INITIAL_6, INITIAL_7}, 0};
    return mode;
}

blake3_mode blake3_keyed_mode(const uint8_t key[BLAKE3_KEY_BYTES])
{
    blake3_mode mode = {{0}, FLAG_KEYED_HASH};
    memcpy(mode.key, key, sizeof mode.key);
    return mode;
}

blake3_mode blake3_derive_key_mode(const void *context, size_t context_bytes)
{
    blake3_mode of_context = blake3_hash_mode();
    of_context.flags = FLAG_DERIVE_KEY_CONTEXT;
    uint8_t key[BLAKE3_KEY_BYTES];
    blake3_hash(&of_context, context, context_bytes, key, sizeof key);
    blake3_mode mode = {{0}, FLAG_DERIVE_KEY_MATERIAL};
    memcpy(mode.key, key, sizeof mode.key);
    return mode;
}

// MARK: The stack

static void push(blake3_hasher *hasher, const uint8_t *chaining)
{
    memcpy(hasher->stack + hasher->depth * CHAINING_BYTES, chaining, CHAINING_BYTES);
    hasher->depth++;
}

static void pop(blake3_hasher *hasher, uint8_t *chaining)
{
    hasher->depth--;
    memcpy(chaining, hasher->stack + hasher->depth * CHAINING_BYTES, CHAINING_BYTES);
}

// Joins the two nodes that waited, since more data follows. Only two nodes of the same size can be waiting: on any
// other stack with two nodes the sizes differ, and then the number of chunks is not a power of two.
static void join_waiting(blake3_hasher *hasher)
{
    if (hasher->depth == 2 && (hasher->chunks & (hasher->chunks - 1)) == 0) {
        struct blake3_node parent;
        blake3_parent_node(&parent, &hasher->mode, hasher->stack, hasher->stack + CHAINING_BYTES);
        blake3_node_chaining(&parent, hasher->stack);
        hasher->depth = 1;
    }
}

// Hashes `chunks` whole chunks, at most BATCH_CHUNKS, and pushes their chaining values.
//
// At each level the array holds the nodes from number `first` up to `end`, counted from the tree's left edge. A node
// with an odd number is a right child: if the first one is, its sibling is the stack's top. A last node with an even
// number has no sibling yet, and is left for the stack.
static void absorb(blake3_hasher *hasher, const uint8_t *data, size_t chunks)
{
    const blake3_mode *mode = &hasher->mode;
    join_waiting(hasher);
    // One extra place at the front for a node of the stack.
    uint8_t nodes[(1 + BATCH_CHUNKS) * CHAINING_BYTES];
    uint8_t *const usual = nodes + CHAINING_BYTES;
    struct blake3_many leaves = {
        data, chunks, CHUNK_BLOCKS, mode->key, hasher->first_chunk + hasher->chunks, true, mode->flags,
        FLAG_CHUNK_START, FLAG_CHUNK_END, usual,
    };
    blake3_hash_many(&leaves);

    uint8_t left_over[BLAKE3_TREE_LEVELS * CHAINING_BYTES];
    size_t left_over_count = 0;
    uint64_t first = hasher->chunks;
    uint64_t end = first + chunks;
    hasher->chunks = end;
    while (first < end) {
        uint8_t *begin = usual;
        if (first % 2 == 1) {
            first--;
            begin = nodes;
            pop(hasher, begin);
        }
        if (end - first == 2 && first == 0 && left_over_count == 0) {
            push(hasher, begin);
            push(hasher, begin + CHAINING_BYTES);
            break;
        }
        if (end % 2 == 1) {
            end--;
            const uint8_t *last = begin + (end - first) * CHAINING_BYTES;
            memcpy(left_over + left_over_count * CHAINING_BYTES, last, CHAINING_BYTES);
            left_over_count++;
        }
        first /= 2;
        end /= 2;
        struct blake3_many parents = {
            begin, (size_t)(end - first), 1, mode->key, 0, false, mode->flags | FLAG_PARENT, 0, 0, usual,
        };
        blake3_hash_many(&parents);
    }
    while (left_over_count > 0) {
        left_over_count--;
        push(hasher, left_over + left_over_count * CHAINING_BYTES);
    }
}

// The top node of everything that the hasher has taken in.
static void top_node(const blake3_hasher *hasher, struct blake3_node *node)
{
    size_t depth = hasher->depth;
    if (hasher->buffered > 0 || hasher->chunks == 0) {
        uint64_t chunk = hasher->first_chunk + hasher->chunks;
        blake3_chunk_node(node, &hasher->mode, hasher->buffer, hasher->buffered, chunk);
    } else {
        depth -= 2;
        const uint8_t *left = hasher->stack + depth * CHAINING_BYTES;
        blake3_parent_node(node, &hasher->mode, left, left + CHAINING_BYTES);
    }
    blake3_fold(node, &hasher->mode, hasher->stack, depth);
}

// MARK: In order

void blake3_hasher_init(blake3_hasher *hasher, const blake3_mode *mode)
{
    hasher->mode = *mode;
    hasher->first_chunk = 0;
    hasher->chunks = 0;
    hasher->depth = 0;
    hasher->buffered = 0;
}

static void buffer(blake3_hasher *hasher, const uint8_t *data, size_t bytes)
{
    join_waiting(hasher);
    memcpy(hasher->buffer + hasher->buffered, data, bytes);
    hasher->buffered += (uint32_t)bytes;
}

void blake3_hasher_update(blake3_hasher *hasher, const void *data, size_t bytes)
{
    const uint8_t *next = data;
    if (hasher->buffered > 0) {
        size_t missing = CHUNK_BYTES - hasher->buffered;
        size_t taken = bytes < missing ? bytes : missing;
        if (taken > 0) {
            buffer(hasher, next, taken);
            next += taken;
            bytes -= taken;
        }
        if (bytes == 0) {
            return;
        }
        absorb(hasher, hasher->buffer, 1);
        hasher->buffered = 0;
    }
    while (bytes > CHUNK_BYTES || (bytes == CHUNK_BYTES && hasher->chunks > 0)) {
        size_t chunks = bytes / CHUNK_BYTES < BATCH_CHUNKS ? bytes / CHUNK_BYTES : BATCH_CHUNKS;
        absorb(hasher, next, chunks);
        next += chunks * CHUNK_BYTES;
        bytes -= chunks * CHUNK_BYTES;
    }
    if (bytes > 0) {
        buffer(hasher, next, bytes);
    }
}

void blake3_hasher_finalize(const blake3_hasher *hasher, uint64_t offset, uint8_t *output, size_t output_bytes)
{
    struct blake3_node node;
    top_node(hasher, &node);
    blake3_node_hash(&node, offset, output, output_bytes);
}

void blake3_hash(const blake3_mode *mode, const void *data, size_t bytes, uint8_t *output, size_t output_bytes)
{
    blake3_hasher hasher;
    blake3_hasher_init(&hasher, mode);
    blake3_hasher_update(&hasher, data, bytes);
    blake3_hasher_finalize(&hasher, 0, output, output_bytes);
}

// MARK: In pieces

// Whether `bytes` bytes from chunk `first_chunk` on are exactly the bytes under some node of a tree.
static bool is_subtree(size_t bytes, uint64_t first_chunk)
{
    uint64_t chunks = bytes / CHUNK_BYTES + (bytes % CHUNK_BYTES != 0 ? 1 : 0);
    uint64_t size = 1;
    while (size < chunks) {
        size *= 2;
    }
    return first_chunk % size == 0 && (bytes > 0 || first_chunk == 0);
}

bool blake3_subtree(const blake3_mode *mode, const void *data, size_t bytes, uint64_t first_chunk,
    uint8_t chaining[BLAKE3_CHAINING_BYTES], uint8_t *root)
{
    if (!is_subtree(bytes, first_chunk) || (root != NULL && first_chunk != 0)) {
        return false;
    }
    blake3_hasher hasher;
    blake3_hasher_init_piece(&hasher, mode, first_chunk);
    blake3_hasher_update(&hasher, data, bytes);
    struct blake3_node node;
    top_node(&hasher, &node);
    blake3_node_chaining(&node, chaining);
    if (root != NULL) {
        blake3_node_hash(&node, 0, root, BLAKE3_HASH_BYTES);
    }
    return true;
}

void blake3_hasher_init_piece(blake3_hasher *hasher, const blake3_mode *mode, uint64_t first_chunk)
{
    blake3_hasher_init(hasher, mode);
    hasher->first_chunk = first_chunk;
}

bool blake3_hasher_chaining(const blake3_hasher *hasher, uint8_t chaining[BLAKE3_CHAINING_BYTES])
{
    if (!is_subtree(hasher->chunks * CHUNK_BYTES + hasher->buffered, hasher->first_chunk)) {
        return false;
    }
    struct blake3_node node;
    top_node(hasher, &node);
    blake3_node_chaining(&node, chaining);
    return true;
}

void blake3_joiner_init(blake3_joiner *joiner, const blake3_mode *mode)
{
    joiner->mode = *mode;
    joiner->pieces = 0;
    joiner->depth = 0;
}

// The last piece is never joined here: it may be shorter, and no piece may follow it.
void blake3_joiner_add(blake3_joiner *joiner, const uint8_t chaining[BLAKE3_CHAINING_BYTES])
{
    // The pieces before this one are complete: join those of equal size at the top, like a carry.
    for (uint64_t rest = joiner->pieces; rest > 0 && rest % 2 == 0; rest /= 2) {
        uint8_t *left = joiner->stack + (joiner->depth - 2) * CHAINING_BYTES;
        struct blake3_node parent;
        blake3_parent_node(&parent, &joiner->mode, left, left + CHAINING_BYTES);
        blake3_node_chaining(&parent, left);
        joiner->depth--;
    }
    memcpy(joiner->stack + joiner->depth * CHAINING_BYTES, chaining, CHAINING_BYTES);
    joiner->depth++;
    joiner->pieces++;
}

bool blake3_joiner_finalize(const blake3_joiner *joiner, uint64_t offset, uint8_t *output, size_t output_bytes)
{
    if (joiner->depth < 2) {
        return false;
    }
    const uint8_t *left = joiner->stack + (joiner->depth - 2) * CHAINING_BYTES;
    struct blake3_node node;
    blake3_parent_node(&node, &joiner->mode, left, left + CHAINING_BYTES);
    blake3_fold(&node, &joiner->mode, joiner->stack, joiner->depth - 2);
    blake3_node_hash(&node, offset, output, output_bytes);
    return true;
}

bool blake3_join(const blake3_mode *mode, const uint8_t *chaining, size_t count, uint8_t *output, size_t output_bytes)
{
    blake3_joiner joiner;
    blake3_joiner_init(&joiner, mode);
    for (size_t piece = 0; piece < count; piece++) {
        blake3_joiner_add(&joiner, chaining + piece * CHAINING_BYTES);
    }
    return blake3_joiner_finalize(&joiner, 0, output, output_bytes);
}
