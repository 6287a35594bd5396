import CBlake3
import Ground

/// A piece of an input under BLAKE3: its subtrees.
///
/// A piece of any multiple of the unit is cut into subtrees of the largest power of two that divides its size, so that
/// all subtrees of an input but the last have the same size. The result for a piece is the chaining values of its
/// subtrees, one after the other. Only the first subtree may be the whole input, whose digest does not follow from its
/// chaining value: so if the first piece is a single subtree, its digest is included, too.
///
///     byte 0        1 if a digest follows, otherwise 0
///     32 bytes each the chaining values
///     the rest      the digest
struct Blake3Piece: PieceHasher {
    /// Small enough for parts of 5 MB; smaller subtrees would leave vector lanes empty.
    static let unitBytes: UInt64 = 64 << 10

    private var hasher = blake3_hasher()
    private var mode: blake3_mode
    private let digestBytes: Int
    private let isFirst: Bool
    /// nil if the input is one piece.
    private let subtreeBytes: UInt64?
    private var nextChunk: UInt64
    private var taken: UInt64 = 0
    private var result: [UInt8] = []

    init(_ purpose: HashAlgorithm.Blake3Purpose, digestBytes: Int, at offset: UInt64, pieceBytes: UInt64?) {
        mode = purpose.mode
        self.digestBytes = digestBytes
        isFirst = offset == 0
        subtreeBytes = pieceBytes.map { $0 & ~($0 &- 1) }
        nextChunk = offset / UInt64(BLAKE3_CHUNK_BYTES)
        blake3_hasher_init_piece(&hasher, &mode, nextChunk)
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let subtreeBytes else { return blake3_hasher_update(&hasher, bytes.baseAddress, bytes.count) }
        var rest = bytes
        while !rest.isEmpty {
            if taken == subtreeBytes {
                endSubtree()
                nextChunk += subtreeBytes / UInt64(BLAKE3_CHUNK_BYTES)
                blake3_hasher_init_piece(&hasher, &mode, nextChunk)
                taken = 0
            }
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(min(UInt64(rest.count), subtreeBytes - taken))))
            blake3_hasher_update(&hasher, part.baseAddress, part.count)
            taken += UInt64(part.count)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
        }
    }

    mutating func finish() -> [UInt8] {
        guard subtreeBytes != nil else { return digest() }
        let mayBeAll = isFirst && result.isEmpty
        endSubtree()
        return mayBeAll ? [1] + result + digest() : [0] + result
    }

    private mutating func endSubtree() {
        var chaining = [UInt8](repeating: 0, count: Int(BLAKE3_CHAINING_BYTES))
        let isSubtree = blake3_hasher_chaining(&hasher, &chaining)
        assert(isSubtree, "a piece is no subtree")
        result += chaining
    }

    /// Works on the hasher in place, since copying it takes longer than hashing a few bytes.
    private mutating func digest() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: digestBytes)
        blake3_hasher_finalize(&hasher, 0, &digest, digestBytes)
        return digest
    }
}

/// Joins the subtrees of `Blake3Piece`.
struct Blake3Joiner: PieceJoiner {
    private var joiner = blake3_joiner()
    private let digestBytes: Int
    private var count = 0
    /// The digest of the first piece, if that is a single subtree.
    private var digestOfFirst: [UInt8] = []

    init(_ purpose: HashAlgorithm.Blake3Purpose, digestBytes: Int) {
        self.digestBytes = digestBytes
        var mode = purpose.mode
        blake3_joiner_init(&joiner, &mode)
    }

    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        let chainingBytes = Int(BLAKE3_CHAINING_BYTES)
        var rest = piece.dropFirst()
        if piece.first == 1 {
            digestOfFirst = Array(rest.dropFirst(chainingBytes))
            rest = rest.prefix(chainingBytes)
        }
        guard !rest.isEmpty, rest.count % chainingBytes == 0 else {
            throw PoolmapError(.failed, "a worker returned something other than a digest")
        }
        rest.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: chainingBytes) {
                blake3_joiner_add(&joiner, bytes.baseAddress?.advanced(by: start))
                count += 1
            }
        }
    }

    mutating func finish() throws(PoolmapError) -> String {
        if count == 1 { return hexadecimal(digestOfFirst) }
        var digest = [UInt8](repeating: 0, count: digestBytes)
        guard blake3_joiner_finalize(&joiner, 0, &digest, digestBytes) else {
            throw PoolmapError(.failed, "the digest is missing")
        }
        return hexadecimal(digest)
    }
}

extension HashAlgorithm.Blake3Purpose {
    package var mode: blake3_mode {
        switch self {
        case .hash: blake3_hash_mode()
        case .keyed(let key): blake3_keyed_mode(key)
        case .deriveKey(let context):
            FileName.bytes(of: context).withUnsafeBytes { blake3_derive_key_mode($0.baseAddress, $0.count) }
        }
    }
}
