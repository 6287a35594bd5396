#ifndef POOLMAP_BLAKE3_H
#define POOLMAP_BLAKE3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// BLAKE3 as its specification gives it ("BLAKE3: one function, fast everywhere", O'Connor, Aumasson, Neves and
// Wilcox-O'Hearn), in parts that several processes can do.
//
// The input is cut into chunks of 1,024 bytes, the last of 0 to 1,024 (0 only where the whole input is empty). They
// are the leaves of a binary tree. The rule for its shape: the left subtree of a node holds the largest power of two of
// chunks that is strictly smaller than the number under the node, the right one the rest. Each node has a chaining
// value of 32 bytes, which depends on the mode, on the bytes under the node and on the number of its first chunk, and
// on nothing else; a parent's comes from those of its two children. Only the node at the top is different: it gives
// the hash, of any length, and no chaining value.
//
// So an input can be cut into pieces of 2^k chunks (the last shorter or not), which are subtrees of that tree, hashed
// anywhere in any order (`blake3_subtree`), and joined from 32 bytes for each piece (`blake3_joiner`).
//
// Nothing here blocks, allocates or fails but where it says so. Every pointer may have any alignment that its type
// allows; bytes may have any. What is not `const` must not overlap anything else. All functions may be called in any
// thread, and in a child after fork; a mode, a hasher or a joiner is plain memory, which may be copied, moved, sent to
// another process of the same program and dropped at any time. None is wiped: wipe a keyed one yourself.

enum {
    /// The bytes of a key, as `blake3_keyed_mode` takes it.
    BLAKE3_KEY_BYTES = 32,
    /// The usual length of a hash in bytes, which is what b3sum prints; any other may be had too.
    BLAKE3_HASH_BYTES = 32,
    /// The bytes of a chaining value.
    BLAKE3_CHAINING_BYTES = 32,
    /// The bytes of a chunk, the leaf of the tree.
    BLAKE3_CHUNK_BYTES = 1024,
    /// The levels of the tree of the longest input there can be, 2^64 - 1 bytes, and one for a node not yet joined.
    BLAKE3_TREE_LEVELS = 55,
};

// MARK: Modes

/// What is hashed for: plain hashing, hashing with a key, or deriving a key.
///
/// Made by one of the three functions below; the same bytes hashed in different modes have nothing in common.
typedef struct {
    uint32_t key[8];
    uint32_t flags;
} blake3_mode;

/// The mode of plain hashing, that of b3sum.
blake3_mode blake3_hash_mode(void);

/// The mode of hashing with a key of 32 bytes: a message authentication code or a keyed pseudo-random function.
blake3_mode blake3_keyed_mode(const uint8_t key[BLAKE3_KEY_BYTES]);

/// The mode of deriving a key: the input is the key material, the hash the derived key.
///
/// `context` is a string of `context_bytes` bytes without a final zero, fixed in the program, which says what the key
/// is for; it may be null if `context_bytes` is 0.
blake3_mode blake3_derive_key_mode(const void *context, size_t context_bytes);

// MARK: All at once, or in order

/// Hashes `bytes` bytes at `data`, and writes `output_bytes` bytes of the hash to `output`.
///
/// `data` may be null if `bytes` is 0, and `output` if `output_bytes` is 0.
void blake3_hash(const blake3_mode *mode, const void *data, size_t bytes, uint8_t *output, size_t output_bytes);

/// A hash of data that comes in order and in parts of any size. Takes constant memory, some 3 KiB.
typedef struct {
    blake3_mode mode;
    /// The number of the first chunk, which is not 0 where a subtree is hashed.
    uint64_t first_chunk;
    /// How many chunks are in the chaining values.
    uint64_t chunks;
    /// How many chaining values there are: of complete subtrees, the largest first.
    uint32_t depth;
    /// How many bytes of the next chunk are there.
    uint32_t buffered;
    uint8_t stack[BLAKE3_TREE_LEVELS * BLAKE3_CHAINING_BYTES];
    uint8_t buffer[BLAKE3_CHUNK_BYTES];
} blake3_hasher;

/// Makes `hasher`, whatever is in it, ready for the first byte of a new input.
void blake3_hasher_init(blake3_hasher *hasher, const blake3_mode *mode);

/// Takes in the next `bytes` bytes of the input; `data` may be null if there are none.
///
/// Fastest where the parts are multiples of 1,024 bytes, and at least 64 KiB.
void blake3_hasher_update(blake3_hasher *hasher, const void *data, size_t bytes);

/// Writes `output_bytes` bytes of the hash of all that `hasher` has taken in, from byte `offset` of the hash on.
///
/// The hash goes on for 2^64 bytes, and a shorter one is the beginning of a longer. `hasher` is as it was: more may be
/// taken in, or another part of the hash written. `output` may be null if `output_bytes` is 0.
void blake3_hasher_finalize(const blake3_hasher *hasher, uint64_t offset, uint8_t *output, size_t output_bytes);

// MARK: In pieces

/// Hashes a piece of an input that is a subtree of its tree: `bytes` bytes at `data`, from chunk `first_chunk` on.
///
/// `chaining` receives the piece's chaining value, 32 bytes, for `blake3_joiner_add`. A piece that others follow has
/// 2^k chunks, k being at least 0 and the same for all pieces of an input, and the last piece 1 byte up to as many.
/// Pieces of 1 MiB or more are hashed at full speed.
///
/// `root`, if it is not null, receives the 32 bytes that are the hash if the piece is the whole input, which a joiner
/// cannot know; it may be asked for before it is known whether anything follows. Only possible if `first_chunk` is 0.
///
/// Returns false, and writes nothing, where such a piece is no subtree: where `first_chunk` is not a multiple of the
/// piece's chunks rounded up to a power of two, where `bytes` is 0 but `first_chunk` is not, or where `root` is not
/// null but `first_chunk` is not 0. An empty piece at chunk 0 is the empty input.
bool blake3_subtree(const blake3_mode *mode, const void *data, size_t bytes, uint64_t first_chunk,
    uint8_t chaining[BLAKE3_CHAINING_BYTES], uint8_t *root);

/// Makes `hasher` ready for the first byte of such a piece, from chunk `first_chunk` on, which comes in parts.
void blake3_hasher_init_piece(blake3_hasher *hasher, const blake3_mode *mode, uint64_t first_chunk);

/// Writes the chaining value of all that `hasher` has taken in, which must be such a piece; `hasher` is as it was.
///
/// Returns false, and writes nothing, where it is no subtree.
bool blake3_hasher_chaining(const blake3_hasher *hasher, uint8_t chaining[BLAKE3_CHAINING_BYTES]);

/// Joins the chaining values of an input's pieces, as they come in order. Takes constant memory, some 2 KiB.
typedef struct {
    blake3_mode mode;
    /// How many pieces there are so far.
    uint64_t pieces;
    /// How many chaining values there are: of complete subtrees, the largest first.
    uint32_t depth;
    uint8_t stack[(BLAKE3_TREE_LEVELS + 10) * BLAKE3_CHAINING_BYTES];
} blake3_joiner;

/// Makes `joiner`, whatever is in it, ready for the first piece of an input; the pieces are hashed in the same mode.
void blake3_joiner_init(blake3_joiner *joiner, const blake3_mode *mode);

/// Takes in the chaining value of the next piece, as `blake3_subtree` gave it.
///
/// All pieces but the last must have the same number of chunks, a power of two, and the last no more.
void blake3_joiner_add(blake3_joiner *joiner, const uint8_t chaining[BLAKE3_CHAINING_BYTES]);

/// Writes `output_bytes` bytes of the hash of all pieces together, from byte `offset` of the hash on.
///
/// Returns false, and writes nothing, where there are fewer than two pieces: the hash of a single one does not follow
/// from its chaining value, `blake3_subtree` gives it as `root`. `joiner` is as it was. `output` may be null if
/// `output_bytes` is 0.
bool blake3_joiner_finalize(const blake3_joiner *joiner, uint64_t offset, uint8_t *output, size_t output_bytes);

/// Joins `count` chaining values of 32 bytes each that lie one behind the other: a joiner in one call.
///
/// Returns false, and writes nothing, where `count` is less than 2.
bool blake3_join(const blake3_mode *mode, const uint8_t *chaining, size_t count, uint8_t *output, size_t output_bytes);

// MARK: The CPU

/// How many chunks are hashed at a time at most: 16 with AVX-512, 8 with AVX2, 4 with SSE4.1 or NEON, else 1.
unsigned blake3_lanes(void);

/// The name of the widest instructions in use: "AVX-512", "AVX2", "SSE4.1", "NEON" or "portable". Lives for ever.
const char *blake3_instructions(void);

/// Has at most `lanes` chunks hashed at a time by this process and those forked from it later; 0 is the default again.
///
/// For tests and measurements: the result never depends on it. Returns false, and changes nothing, where this CPU has
/// no instructions for just that many.
bool blake3_use_lanes(unsigned lanes);

#endif
