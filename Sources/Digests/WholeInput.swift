import Ground

/// The digest of an input that was hashed in one piece.
struct OneDigestJoiner: PieceJoiner {
    private var digest: [UInt8]?

    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        guard digest == nil else { throw PoolmapError(.failed, "got two digests of the whole input") }
        digest = piece
    }

    mutating func finish() throws(PoolmapError) -> String {
        guard let digest else { throw PoolmapError(.failed, "the digest is missing") }
        return hexadecimal(digest)
    }
}
