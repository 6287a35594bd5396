import Ground

/// Hashes one piece of an input, whose bytes come in order and in parts of any size.
///
/// A plain hash function is one too, of an input that is a single piece.
package protocol PieceHasher {
    /// Takes the next bytes of the piece.
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// What a `PieceJoiner` has to know of the piece, in the algorithm's own form; called once, at its end.
    mutating func finish() -> [UInt8]
}

/// Makes the digest of an input out of what is known of its pieces.
package protocol PieceJoiner {
    /// Takes what the hasher of the next piece has said of its `byteCount` bytes.
    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError)
    /// The digest as it is written: hexadecimal digits, or what the algorithm's other tools write; called once.
    mutating func finish() throws(PoolmapError) -> String
}
