#ifndef POOLMAP_BLAKE3_H
#define POOLMAP_BLAKE3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// BLAKE3 as specified in "BLAKE3: one function, fast everywhere" (O'Connor, Aumasson, Neves and Wilcox-O'Hearn), in
// parts that several processes can compute.
//
// The input is divided into chunks of 1,024 bytes, the last one of 0 to 1,024 (0 only if the whole input is empty).
// They are the leaves of a binary tree. Its shape follows one rule: the left subtree of a node holds the largest power
// of two of chunks that is strictly smaller than the number under the node, the right one the rest. Each node has a
// chaining value of 32 bytes, which depends only on the mode, the bytes under the node and the number of its first
// chunk; a parent's is computed from those of its two children. Only the top node is different: it yields the hash, of
// any length, and no chaining value.
//
// So an input can be divided into pieces of 2^k chunks (the last possibly shorter), which are subtrees of that tree.
// They can be hashed anywhere in any order (`blake3_subtree`), and joined from 32 bytes for each piece
// (`blake3_joiner`).
//
// Nothing here blocks, allocates or fails unless stated. Every pointer may have any alignment that its type allows;
// bytes may have any. Whatever is not `const` must not overlap anything else. All functions may be called in any
// thread, and in a child after fork. A mode, a hasher or a joiner is plain memory, which may be copied, moved, sent to
// another process of the same program and discarded at any time. None is wiped: wipe a keyed one yourself.

enum {
    /// The size of a key for `blake3_keyed_mode` in bytes.
    BLAKE3_KEY_BYTES = 32,
    /// The usual length of a hash in bytes, as printed by b3sum; any other is possible too.
    BLAKE3_HASH_BYTES = 32,
    /// The size of a chaining value in bytes.
    BLAKE3_CHAINING_BYTES = 32,
    /// The size of a chunk, the leaf of the tree, in bytes.
    BLAKE3_CHUNK_BYTES = 1024,
    /// The levels of the tree of the longest possible input, 2^64 - 1 bytes, and one for a node not yet joined.
    BLAKE3_TREE_LEVELS = 55,
};

// MARK: Modes

/// The purpose of a hash: plain hashing, hashing with a key, or deriving a key.
///
/// Made by one of the three functions below; hashes of the same bytes in different modes are unrelated.
typedef struct {
    uint32_t key[8];
    uint32_t flags;
} blake3_mode;

/// The mode of plain hashing, as in b3sum.
blake3_mode blake3_hash_mode(void);

/// The mode of hashing with a key of 32 bytes: a message authentication code or a keyed pseudo-random function.
blake3_mode blake3_keyed_mode(const uint8_t key[BLAKE3_KEY_BYTES]);

/// The mode of deriving a key: the input is the key material, the hash the derived key.
///
/// `context` is a string of `context_bytes` bytes without a final zero, fixed in the program, which states the purpose
/// of the key; it may be null if `context_bytes` is 0.
blake3_mode blake3_derive_key_mode(const void *context, size_t context_bytes);

// MARK: All at once, or in order

/// Hashes `bytes` bytes at `data`, and writes `output_bytes` bytes of the hash to `output`.
///
/// `data` may be null if `bytes` is 0, and `output` if `output_bytes` is 0.
void blake3_hash(const blake3_mode *mode, const void *data, size_t bytes, uint8_t *output, size_t output_bytes);

/// A hash of data that arrives in order and in parts of any size. Takes constant memory, some 3 KiB.
typedef struct {
    blake3_mode mode;
    /// The number of the first chunk, which is not 0 when a subtree is hashed.
    uint64_t first_chunk;
    /// The number of chunks covered by the chaining values.
    uint64_t chunks;
    /// The number of chaining values: of complete subtrees, the largest first.
    uint32_t depth;
    /// The number of buffered bytes of the next chunk.
    uint32_t buffered;
    uint8_t stack[BLAKE3_TREE_LEVELS * BLAKE3_CHAINING_BYTES];
    uint8_t buffer[BLAKE3_CHUNK_BYTES];
} blake3_hasher;

/// Makes `hasher`, whatever its content, ready for the first byte of a new input.
void blake3_hasher_init(blake3_hasher *hasher, const blake3_mode *mode);

/// Takes in the next `bytes` bytes of the input; `data` may be null if there are none.
///
/// Fastest if the parts are multiples of 1,024 bytes, and at least 64 KiB.
void blake3_hasher_update(blake3_hasher *hasher, const void *data, size_t bytes);

/// Writes `output_bytes` bytes of the hash of everything that `hasher` has taken in, from byte `offset` of the hash on.
///
/// The hash is 2^64 bytes long, and a shorter one is its prefix. `hasher` is unchanged: it may take in more, or write
/// another part of the hash. `output` may be null if `output_bytes` is 0.
void blake3_hasher_finalize(const blake3_hasher *hasher, uint64_t offset, uint8_t *output, size_t output_bytes);

// MARK: In pieces

/// Hashes a piece of an input that is a subtree of its tree: `bytes` bytes at `data`, from chunk `first_chunk` on.
///
/// `chaining` receives the piece's chaining value, 32 bytes, for `blake3_joiner_add`. A piece that is not the last has
/// 2^k chunks, k being at least 0 and the same for all pieces of an input; the last piece has 1 byte up to that many
/// chunks. Pieces of 1 MiB or more are hashed at full speed.
///
/// `root`, unless null, receives the 32 bytes of the hash for the case that the piece is the whole input, which a
/// joiner cannot compute; it may be requested before it is known whether more pieces follow. Only possible if
/// `first_chunk` is 0.
///
/// Returns false, and writes nothing, if the piece is not a subtree: if `first_chunk` is not a multiple of the piece's
/// chunks rounded up to a power of two, if `bytes` is 0 but `first_chunk` is not, or if `root` is not null but
/// `first_chunk` is not
/// 0. An empty piece at chunk 0 is the empty input.
bool blake3_subtree(const blake3_mode *mode, const void *data, size_t bytes, uint64_t first_chunk,
    uint8_t chaining[BLAKE3_CHAINING_BYTES], uint8_t *root);

/// Makes `hasher` ready for the first byte of such a piece, from chunk `first_chunk` on, which arrives in parts.
void blake3_hasher_init_piece(blake3_hasher *hasher, const blake3_mode *mode, uint64_t first_chunk);

/// Writes the chaining value of everything that `hasher` has taken in, which must be such a piece; `hasher` is
/// unchanged.
///
/// Returns false, and writes nothing, if it is not a subtree.
bool blake3_hasher_chaining(const blake3_hasher *hasher, uint8_t chaining[BLAKE3_CHAINING_BYTES]);

/// Joins the chaining values of an input's pieces, in order. Takes constant memory, some 2 KiB.
typedef struct {
    blake3_mode mode;
    /// The number of pieces so far.
    uint64_t pieces;
    /// The number of chaining values: of complete subtrees, the largest first.
    uint32_t depth;
    uint8_t stack[(BLAKE3_TREE_LEVELS + 10) * BLAKE3_CHAINING_BYTES];
} blake3_joiner;

/// Makes `joiner`, whatever its content, ready for the first piece of an input; the pieces are hashed in the same mode.
void blake3_joiner_init(blake3_joiner *joiner, const blake3_mode *mode);

/// Takes in the chaining value of the next piece, as computed by `blake3_subtree`.
///
/// All pieces except the last must have the same number of chunks, a power of two, and the last at most as many.
void blake3_joiner_add(blake3_joiner *joiner, const uint8_t chaining[BLAKE3_CHAINING_BYTES]);

/// Writes `output_bytes` bytes of the hash of all pieces together, from byte `offset` of the hash on.
///
/// Returns false, and writes nothing, if there are fewer than two pieces: the hash of a single one does not follow from
/// its chaining value; `blake3_subtree` computes it as `root`. `joiner` is unchanged. `output` may be null if
/// `output_bytes` is 0.
bool blake3_joiner_finalize(const blake3_joiner *joiner, uint64_t offset, uint8_t *output, size_t output_bytes);

/// Joins `count` consecutive chaining values of 32 bytes each: a joiner in one call.
///
/// Returns false, and writes nothing, if `count` is less than 2.
bool blake3_join(const blake3_mode *mode, const uint8_t *chaining, size_t count, uint8_t *output, size_t output_bytes);

// MARK: The CPU

/// The maximum number of chunks hashed at a time: 16 with AVX-512, 8 with AVX2, 4 with SSE4.1 or NEON, else 1.
unsigned blake3_lanes(void);

/// The name of the widest instructions in use: "AVX-512", "AVX2", "SSE4.1", "NEON" or "portable". A static string.
const char *blake3_instructions(void);

/// Limits this process and its later forks to hashing `lanes` chunks at a time; 0 restores the default.
///
/// For tests and measurements: the result never depends on it. Returns false, and changes nothing, if this CPU has no
/// instructions for exactly that many.
bool blake3_use_lanes(unsigned lanes);

#endif
