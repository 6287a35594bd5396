import Ground

/// The sizes of fs-verity, from Linux's Documentation/filesystems/fsverity.rst.
package enum Fsverity {
    package static let blockBytes: UInt64 = 4096
    /// The room for the salt in the descriptor.
    package static let mostSaltBytes = 32

    /// The number of bytes covered by one block of digests.
    static func groupBytes(digestBytes: UInt64) -> UInt64 {
        blockBytes * (blockBytes / digestBytes)
    }
}

/// A piece of an input under fs-verity's Merkle tree: its blocks, and the blocks that their digests fill.
///
/// The result for a piece is the digests of the latter, one level up. An input with a single block has no such level,
/// so a first piece of at most one block returns the digest of that block.
///
///     byte 0    0 if the digests are one level up, 1 if they are those of the blocks themselves
///     the rest  the digests
struct FsverityPiece<Hash: HashFunction>: PieceHasher {
    private var blocks: FsverityLevel<Hash>
    private var groups: FsverityLevel<Hash>
    private let isFirst: Bool

    /// - Parameter offset: where the piece begins, a multiple of `groupBytes`.
    init(at offset: UInt64, salt: [UInt8]) {
        isFirst = offset == 0
        blocks = FsverityLevel(salt: salt)
        groups = FsverityLevel(salt: salt)
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        blocks.update(bytes)
        // Keep the first digest until it is known not to be the only one.
        if blocks.count > 1 {
            blocks.take().withUnsafeBytes { groups.update($0) }
        }
    }

    mutating func finish() -> [UInt8] {
        blocks.finish()
        let last = blocks.take()
        if isFirst && blocks.count <= 1 { return [1] + last }
        last.withUnsafeBytes { groups.update($0) }
        groups.finish()
        return [0] + groups.take()
    }
}

/// Builds the rest of the tree, and the digest of the descriptor that contains its root.
struct FsverityJoiner<Hash: HashFunction>: PieceJoiner {
    private let salt: [UInt8]
    private let number: UInt8
    /// Each level hashes the digests of the level before; the first one, those from the pieces.
    private var levels: [FsverityLevel<Hash>] = []
    /// The number of digests that went into the first level, and the first one of them.
    private var countOfFirst = 0
    private var first: [UInt8] = []
    private var byteCount: UInt64 = 0
    private let digestBytes = Hash.digestBytes

    /// - Parameter number: the hash function's number in the descriptor.
    init(salt: [UInt8], number: UInt8) {
        self.salt = salt
        self.number = number
        levels = [FsverityLevel(salt: salt)]
    }

    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        let digests = piece.dropFirst()
        self.byteCount += byteCount
        countOfFirst += digests.count / digestBytes
        if countOfFirst == 1 {
            first = Array(digests)
        }
        feed(Array(digests), to: 0)
    }

    private mutating func feed(_ digests: [UInt8], to level: Int) {
        guard !digests.isEmpty else { return }
        if level == levels.count {
            levels.append(FsverityLevel(salt: salt))
        }
        digests.withUnsafeBytes { levels[level].update($0) }
        // Keep the first digest until it is known not to be the root.
        if levels[level].count > 1 {
            feed(levels[level].take(), to: level + 1)
        }
    }

    mutating func finish() throws(PoolmapError) -> String {
        var descriptor: [UInt8] = [1, number, 12, UInt8(salt.count), 0, 0, 0, 0]
        descriptor += (0..<8).map { UInt8(truncatingIfNeeded: byteCount >> (8 * UInt64($0))) }
        descriptor += FsverityJoiner.padded(root(), to: 64)
        descriptor += FsverityJoiner.padded(salt, to: 32)
        descriptor += [UInt8](repeating: 0, count: 144)
        var function = Hash()
        descriptor.withUnsafeBytes { function.update($0) }
        return hexadecimal(function.finish())
    }

    private mutating func root() -> [UInt8] {
        if countOfFirst <= 1 { return first }
        var level = 0
        while true {
            levels[level].finish()
            let digests = levels[level].take()
            if levels[level].count == 1 { return digests }
            feed(digests, to: level + 1)
            level += 1
        }
    }

    private static func padded(_ bytes: [UInt8], to count: Int) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }
}

/// One level of the tree: the digests of its blocks; the last block is padded with zeros.
struct FsverityLevel<Hash: HashFunction> {
    /// The number of blocks hashed.
    private(set) var count = 0
    private let salted: Hash
    private var function: Hash
    private var taken = 0
    private var digests: [UInt8] = []

    init(salt: [UInt8]) {
        var function = Hash()
        if !salt.isEmpty {
            // Padded to whole blocks of the hash function, so that hashing continues from a saved state.
            let step = Hash.blockBytes
            let padding = [UInt8](repeating: 0, count: (step - salt.count % step) % step)
            (salt + padding).withUnsafeBytes { function.update($0) }
        }
        salted = function
        self.function = function
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty {
            let missing = Int(Fsverity.blockBytes) - taken
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(missing))
            function.update(part)
            taken += part.count
            if taken == Int(Fsverity.blockBytes) {
                endBlock()
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
        }
    }

    mutating func finish() {
        guard taken > 0 else { return }
        let padding = [UInt8](repeating: 0, count: Int(Fsverity.blockBytes) - taken)
        padding.withUnsafeBytes { function.update($0) }
        endBlock()
    }

    private mutating func endBlock() {
        digests += function.finish()
        function = salted
        taken = 0
        count += 1
    }

    /// The digests since the last call.
    mutating func take() -> [UInt8] {
        defer { digests = [] }
        return digests
    }
}
