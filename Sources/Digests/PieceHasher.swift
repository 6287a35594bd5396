import Ground

/// Hashes one piece of an input, whose bytes arrive in order and in parts of any size.
///
/// A plain hash function is one, too, for an input that is a single piece.
package protocol PieceHasher {
    /// Takes the next bytes of the piece.
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// The result for a `PieceJoiner`, in the algorithm's own form; called once, at the end of the piece.
    mutating func finish() -> [UInt8]
}

/// Computes the digest of an input from the results for its pieces.
package protocol PieceJoiner {
    /// Adds the result of the next piece's hasher for its `byteCount` bytes.
    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError)
    /// The digest in its usual notation, hexadecimal or that of the algorithm's other tools; called once.
    mutating func finish() throws(PoolmapError) -> String
}
