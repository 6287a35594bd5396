import Ground

/// Several digests of one piece of an input, in a single pass over its bytes.
package struct DigestRun {
    private var hashers: [any PieceHasher]

    /// - Parameters:
    ///   - offset: where the piece begins, a multiple of `pieceBytes`.
    ///   - pieceBytes: the size of all pieces but the last; nil if the input is one piece.
    ///   - chunkBytes: the size of the chunks to hash one by one; nil to hash the piece as a whole.
    package init(
        _ algorithms: [HashAlgorithm], at offset: UInt64 = 0, pieceBytes: UInt64? = nil, chunkBytes: UInt64? = nil
    ) {
        hashers = algorithms.map { algorithm in
            chunkBytes.map { algorithm.chunksHasher($0) } ?? algorithm.hasher(at: offset, pieceBytes: pieceBytes)
        }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        for index in hashers.indices {
            hashers[index].update(bytes)
        }
    }

    /// For each algorithm, the piece's result for a joiner.
    package mutating func finish() -> [[UInt8]] {
        hashers.indices.map { hashers[$0].finish() }
    }
}

/// Joins the results for the pieces of an input, for several algorithms.
package struct DigestJoin {
    private var joiners: [any PieceJoiner]
    package private(set) var byteCount: UInt64 = 0

    /// - Parameter pieceBytes: as for `DigestRun`.
    package init(_ algorithms: [HashAlgorithm], pieceBytes: UInt64? = nil) {
        joiners = algorithms.map { $0.joiner(pieceBytes: pieceBytes) }
    }

    /// Adds the result for the next piece, which has `byteCount` bytes.
    package mutating func add(_ piece: [[UInt8]], byteCount: UInt64) throws(PoolmapError) {
        guard piece.count == joiners.count else {
            throw PoolmapError(.failed, "a worker returned the wrong number of digests")
        }
        self.byteCount += byteCount
        for index in joiners.indices {
            try joiners[index].add(piece[index], byteCount: byteCount)
        }
    }

    /// The digests in their usual notation.
    package mutating func finish() throws(PoolmapError) -> [String] {
        var digests: [String] = []
        for index in joiners.indices {
            digests.append(try joiners[index].finish())
        }
        return digests
    }
}

/// Hashes everything that `read` returns, in order.
///
/// - Parameters:
///   - chunkBytes: the size of the chunks to hash one by one, with the single algorithm given; the digests are then
///     those of the chunks. nil to hash the whole.
///   - space: the buffer to read into.
///   - read: fills the space, or a part of it, and returns the number of bytes; 0 at the end.
package func digests(
    _ algorithms: [HashAlgorithm], chunkBytes: UInt64? = nil, through space: UnsafeMutableRawBufferPointer,
    read: (UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int
) throws(PoolmapError) -> (digests: [String], byteCount: UInt64) {
    var run = DigestRun(algorithms, chunkBytes: chunkBytes)
    var join = DigestJoin(algorithms)
    var byteCount: UInt64 = 0
    while true {
        let count = try read(space)
        if count == 0 { break }
        run.update(UnsafeRawBufferPointer(rebasing: space[..<count]))
        byteCount += UInt64(count)
    }
    if let chunkBytes {
        return (run.finish().flatMap { chunkDigests($0, chunkBytes, byteCount: byteCount) }, byteCount)
    }
    try join.add(run.finish(), byteCount: byteCount)
    return (try join.finish(), byteCount)
}

/// The digest of an input that is completely in memory, in its usual notation.
package func digest(_ algorithm: HashAlgorithm, of bytes: UnsafeRawBufferPointer) throws(PoolmapError) -> String {
    if case .blake3(let purpose, let digestBytes) = algorithm {
        // Without the existential types for hashers and joiners, which take as long as hashing a small file.
        var piece = Blake3Piece(purpose, digestBytes: digestBytes, at: 0, pieceBytes: nil)
        piece.update(bytes)
        return hexadecimal(piece.finish())
    }
    var hasher = algorithm.hasher(at: 0, pieceBytes: nil)
    hasher.update(bytes)
    var joiner = algorithm.joiner(pieceBytes: nil)
    try joiner.add(hasher.finish(), byteCount: UInt64(bytes.count))
    return try joiner.finish()
}

/// Splits consecutive digests of chunks, and formats them.
private func chunkDigests(_ digests: [UInt8], _ chunkBytes: UInt64, byteCount: UInt64) -> [String] {
    if digests.isEmpty { return [] }
    let digestBytes = digests.count / Int((byteCount + chunkBytes - 1) / chunkBytes)
    return stride(from: 0, to: digests.count, by: digestBytes).map { hexadecimal(digests[$0..<$0 + digestBytes]) }
}

/// The sizes of the pieces of an input that several workers hash.
package enum PieceSize {
    /// Large enough that handing out a piece takes little time compared with hashing it.
    package static let ofFile: UInt64 = 4 << 20
    /// Small enough that a piece of a pipe, which waits in a slot, is still in the cache when a worker gets to it.
    package static let ofPipe: UInt64 = 1 << 20
    /// The limit for a piece of a pipe in memory; with larger pieces a pipe is hashed in order.
    package static let mostOfPipe: UInt64 = 64 << 20

    /// The size of the pieces of an input whose chunks are hashed one by one.
    package static func ofChunks(_ chunkBytes: UInt64, isRegular: Bool) -> UInt64 {
        let wanted = isRegular ? ofFile : ofPipe
        return (wanted + chunkBytes - 1) / chunkBytes * chunkBytes
    }

    /// The smallest size of at least `wanted` at whose multiples all algorithms allow an input to be cut; nil if there
    /// is none.
    package static func bytes(_ algorithms: [HashAlgorithm], wanted: UInt64) -> UInt64? {
        var unit: UInt64 = 1
        for algorithm in algorithms {
            guard let next = algorithm.unitBytes else { return nil }
            let (product, overflowed) = (unit / greatestCommonDivisor(unit, next)).multipliedReportingOverflow(by: next)
            if overflowed { return nil }
            unit = product
        }
        if unit >= wanted { return unit }
        return (wanted + unit - 1) / unit * unit
    }

    private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}
