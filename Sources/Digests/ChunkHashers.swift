extension HashAlgorithm {
    /// A hasher of all bytes in order, which says their digest as bytes.
    package func wholeHasher() -> any PieceHasher {
        hasher(at: 0, pieceBytes: nil)
    }

    /// A hasher that says the digest of each chunk of a piece, one behind the other; of no bytes it says none.
    package func chunksHasher(_ chunkBytes: UInt64) -> any PieceHasher {
        PartsPiece(at: 0, partBytes: chunkBytes, emptyInputHasPart: false) { WholeFunction(hasher: wholeHasher()) }
    }
}

/// The digest of a chunk by itself.
private struct WholeFunction: StreamFunction {
    var hasher: any PieceHasher
    mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bytes) }
    mutating func finish() -> [UInt8] { hasher.finish() }
}
