extension HashAlgorithm {
    /// The unit at whose multiples an input may be cut; nil if it can only be hashed from start to end.
    var unitBytes: UInt64? {
        switch self {
        case .blake3: Blake3Piece.unitBytes
        case .crc32, .crc32c, .crc64nvme: 1
        case .sha256, .sha512, .sha1, .md5: nil
        case .s3ETag(let bytes), .s3SHA256(let bytes), .s3CRC32C(let bytes): bytes
        case .dropbox: HashAlgorithm.dropboxBlockBytes
        case .fsveritySHA256: Fsverity.groupBytes(digestBytes: 32)
        case .fsveritySHA512: Fsverity.groupBytes(digestBytes: 64)
        }
    }

    /// Whether pieces of an input can be hashed independently, so that finished work can be kept.
    package var isDivisible: Bool { unitBytes != nil }

    /// A hasher for a piece.
    ///
    /// - Parameters:
    ///   - offset: where the piece begins in the input: a multiple of `pieceBytes`.
    ///   - pieceBytes: the size of all pieces but the last: a multiple of `unitBytes`; nil if the input is one piece.
    package func hasher(at offset: UInt64, pieceBytes: UInt64?) -> any PieceHasher {
        switch self {
        case .blake3(let purpose, let digestBytes):
            Blake3Piece(purpose, digestBytes: digestBytes, at: offset, pieceBytes: pieceBytes)
        case .sha256: SHA256Hasher()
        case .sha512: SHA512Hasher()
        case .sha1: SHA1Hasher()
        case .md5: MD5Hasher()
        case .crc32: CRCHasher(.crc32)
        case .crc32c: CRCHasher(.crc32c)
        case .crc64nvme: CRCHasher(.crc64nvme)
        case .s3ETag(let bytes): PartsPiece(at: offset, partBytes: bytes) { MD5Hasher() }
        case .s3SHA256(let bytes): PartsPiece(at: offset, partBytes: bytes) { SHA256Hasher() }
        case .s3CRC32C(let bytes): PartsPiece(at: offset, partBytes: bytes) { CRCHasher(.crc32c) }
        case .dropbox:
            PartsPiece(at: offset, partBytes: HashAlgorithm.dropboxBlockBytes, emptyInputHasPart: false) {
                SHA256Hasher()
            }
        case .fsveritySHA256(let salt): FsverityPiece<SHA256Hasher>(at: offset, salt: salt)
        case .fsveritySHA512(let salt): FsverityPiece<SHA512Hasher>(at: offset, salt: salt)
        }
    }

    /// A joiner for the pieces of an input.
    ///
    /// - Parameter pieceBytes: as for `hasher`.
    package func joiner(pieceBytes: UInt64?) -> any PieceJoiner {
        switch self {
        case .blake3(let purpose, let digestBytes):
            pieceBytes == nil ? OneDigestJoiner() : Blake3Joiner(purpose, digestBytes: digestBytes)
        case .sha256, .sha512, .sha1, .md5: OneDigestJoiner()
        case .crc32: CRCJoiner(.crc32)
        case .crc32c: CRCJoiner(.crc32c)
        case .crc64nvme: CRCJoiner(.crc64nvme)
        case .s3ETag(let bytes): S3Joiner(partBytes: bytes, partDigestBytes: 16, .hexadecimal, MD5Hasher())
        case .s3SHA256(let bytes): S3Joiner(partBytes: bytes, partDigestBytes: 32, .base64, SHA256Hasher())
        case .s3CRC32C(let bytes):
            S3Joiner(partBytes: bytes, partDigestBytes: 4, .base64, CRCHasher(.crc32c))
        case .dropbox: DropboxJoiner()
        case .fsveritySHA256(let salt): FsverityJoiner<SHA256Hasher>(salt: salt, number: 1)
        case .fsveritySHA512(let salt): FsverityJoiner<SHA512Hasher>(salt: salt, number: 2)
        }
    }

    /// A hasher of all bytes in order, which returns the digest as bytes.
    package func wholeHasher() -> any PieceHasher {
        hasher(at: 0, pieceBytes: nil)
    }

    /// A hasher that returns the digests of the chunks of a piece, one after the other; none for an empty piece.
    package func chunksHasher(_ chunkBytes: UInt64) -> any PieceHasher {
        PartsPiece(at: 0, partBytes: chunkBytes, emptyInputHasPart: false) { wholeHasher() }
    }

    /// The fixed block size of Dropbox.
    private static let dropboxBlockBytes: UInt64 = 4 << 20
}
