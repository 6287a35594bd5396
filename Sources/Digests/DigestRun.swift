import Ground

/// Several digests of one piece of an input, in one go over its bytes.
package struct DigestRun {
    private var hashers: [any PieceHasher]

    /// - Parameters:
    ///   - offset: where the piece begins, a multiple of `pieceBytes`.
    ///   - pieceBytes: the size of all pieces but the last; nil where the input is one piece.
    ///   - chunkBytes: the size of the chunks that are hashed by themselves; nil where the piece as a whole is.
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

    /// For each algorithm what a joiner has to know of the piece.
    package mutating func finish() -> [[UInt8]] {
        hashers.indices.map { hashers[$0].finish() }
    }
}

/// Puts the pieces of an input together, under several algorithms.
package struct DigestJoin {
    private var joiners: [any PieceJoiner]
    package private(set) var byteCount: UInt64 = 0

    /// - Parameter pieceBytes: as for `DigestRun`.
    package init(_ algorithms: [HashAlgorithm], pieceBytes: UInt64? = nil) {
        joiners = algorithms.map { $0.joiner(pieceBytes: pieceBytes) }
    }

    /// Takes the next piece, of so many bytes.
    package mutating func add(_ piece: [[UInt8]], byteCount: UInt64) throws(PoolmapError) {
        guard piece.count == joiners.count else {
            throw PoolmapError(.failed, "a worker returned the wrong number of digests")
        }
        self.byteCount += byteCount
        for index in joiners.indices {
            try joiners[index].add(piece[index], byteCount: byteCount)
        }
    }

    /// The digests, as they are written.
    package mutating func finish() throws(PoolmapError) -> [String] {
        var digests: [String] = []
        for index in joiners.indices {
            digests.append(try joiners[index].finish())
        }
        return digests
    }
}

/// Hashes all that there is to read, in order.
///
/// - Parameters:
///   - chunkBytes: the size of the chunks that are hashed by themselves, by the one algorithm that there is: then the
///     digests are theirs. nil where the whole is hashed.
///   - space: what is read into.
///   - read: fills the space, or a part of it, and returns how much; 0 at the end.
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

/// The digest of all that there is, as it is written.
package func digest(_ algorithm: HashAlgorithm, of bytes: UnsafeRawBufferPointer) throws(PoolmapError) -> String {
    if case .blake3(let purpose, let digestBytes) = algorithm {
        // The same without what stands for hashers and joiners of any kind, which takes as long as a small file.
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

/// The digests of chunks that stand one behind the other, as they are written.
private func chunkDigests(_ digests: [UInt8], _ chunkBytes: UInt64, byteCount: UInt64) -> [String] {
    if digests.isEmpty { return [] }
    let digestBytes = digests.count / Int((byteCount + chunkBytes - 1) / chunkBytes)
    return stride(from: 0, to: digests.count, by: digestBytes).map { hexadecimal(digests[$0..<$0 + digestBytes]) }
}

/// Into what pieces an input is cut that is hashed by several workers.
package enum PieceSize {
    /// Large enough that handing out a piece is little beside hashing it.
    package static let ofFile: UInt64 = 4 << 20
    /// A piece of a pipe waits in a slot, where it should still be in a cache when a worker comes to it.
    package static let ofPipe: UInt64 = 1 << 20
    /// A larger piece of a pipe is not kept in memory: it is hashed in order.
    package static let mostOfPipe: UInt64 = 64 << 20

    /// The size of the pieces of an input whose chunks are hashed by themselves.
    package static func ofChunks(_ chunkBytes: UInt64, isRegular: Bool) -> UInt64 {
        let wanted = isRegular ? ofFile : ofPipe
        return (wanted + chunkBytes - 1) / chunkBytes * chunkBytes
    }

    /// The least size from `wanted` on at whose multiples all algorithms let an input be cut; nil for none.
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
