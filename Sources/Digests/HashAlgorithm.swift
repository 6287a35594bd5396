import Ground

/// A digest that others compute too, with all that it depends on beside the content.
package enum HashAlgorithm: Hashable, Sendable {
    /// As `b3sum`, with a digest of so many bytes.
    case blake3(Blake3Purpose = .hash, digestBytes: Int = 32)
    /// As `sha256sum`.
    case sha256
    /// As `sha512sum`.
    case sha512
    /// As `sha1sum`; broken against someone who wants two files with one digest.
    case sha1
    /// As `md5sum`; broken likewise.
    case md5
    /// The CRC-32 of zlib, gzip and Ethernet.
    case crc32
    /// The CRC-32C of iSCSI and of object stores.
    case crc32c
    /// The CRC-64 of NVMe, S3's checksum of whole objects.
    case crc64nvme
    /// The ETag of an S3 object that is uploaded in parts: the MD5 of the parts' MD5s.
    case s3ETag(partBytes: UInt64)
    /// S3's composite SHA-256: the SHA-256 of the parts' SHA-256s.
    case s3SHA256(partBytes: UInt64)
    /// S3's composite CRC-32C: the CRC-32C of the parts' CRC-32Cs.
    case s3CRC32C(partBytes: UInt64)
    /// Dropbox's content hash: the SHA-256 of the SHA-256s of blocks of 4 MiB.
    case dropbox
    /// The file digest of Linux' fs-verity with SHA-256, blocks of 4 KiB and this salt.
    case fsveritySHA256(salt: [UInt8] = [])
    /// The same with SHA-512.
    case fsveritySHA512(salt: [UInt8] = [])

    /// What BLAKE3 hashes for.
    package enum Blake3Purpose: Hashable, Sendable {
        /// Plain hashing.
        case hash
        /// Hashing with a key of 32 bytes.
        case keyed([UInt8])
        /// Deriving a key, for this context.
        case deriveKey(context: String)
    }
}

extension HashAlgorithm {
    /// What an algorithm is called, as `--algorithm` takes it.
    package enum Name: String, CaseIterable, Sendable {
        case blake3, sha256, sha512, sha1, md5, crc32, crc32c, crc64nvme, dropbox
        case s3ETag = "s3-etag"
        case s3SHA256 = "s3-sha256"
        case s3CRC32C = "s3-crc32c"
        case fsveritySHA256 = "fsverity-sha256"
        case fsveritySHA512 = "fsverity-sha512"
    }

    /// The algorithm of a name.
    ///
    /// - Parameters:
    ///   - partBytes: the parts of S3's digests.
    ///   - salt: that of fs-verity's.
    package init(_ name: Name, partBytes: UInt64 = defaultPartBytes, salt: [UInt8] = []) {
        switch name {
        case .blake3: self = .blake3()
        case .sha256: self = .sha256
        case .sha512: self = .sha512
        case .sha1: self = .sha1
        case .md5: self = .md5
        case .crc32: self = .crc32
        case .crc32c: self = .crc32c
        case .crc64nvme: self = .crc64nvme
        case .s3ETag: self = .s3ETag(partBytes: partBytes)
        case .s3SHA256: self = .s3SHA256(partBytes: partBytes)
        case .s3CRC32C: self = .s3CRC32C(partBytes: partBytes)
        case .dropbox: self = .dropbox
        case .fsveritySHA256: self = .fsveritySHA256(salt: salt)
        case .fsveritySHA512: self = .fsveritySHA512(salt: salt)
        }
    }

    /// The algorithm's name.
    package var name: Name {
        switch self {
        case .blake3: .blake3
        case .sha256: .sha256
        case .sha512: .sha512
        case .sha1: .sha1
        case .md5: .md5
        case .crc32: .crc32
        case .crc32c: .crc32c
        case .crc64nvme: .crc64nvme
        case .s3ETag: .s3ETag
        case .s3SHA256: .s3SHA256
        case .s3CRC32C: .s3CRC32C
        case .dropbox: .dropbox
        case .fsveritySHA256: .fsveritySHA256
        case .fsveritySHA512: .fsveritySHA512
        }
    }

    /// S3's default: the parts of its command line and its libraries.
    package static let defaultPartBytes: UInt64 = 8 << 20

    /// The parts of S3's digests; nil for others.
    package var s3PartBytes: UInt64? {
        switch self {
        case .s3ETag(let bytes), .s3SHA256(let bytes), .s3CRC32C(let bytes): bytes
        default: nil
        }
    }

    /// Dropbox's own, which nobody chooses.
    private static let dropboxBlockBytes: UInt64 = 4 << 20
}

// MARK: Pieces

/// Hashes one piece of an input, whose bytes come in order and in parts of any size.
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

extension HashAlgorithm {
    /// An input may be cut at every multiple of this; nil where it can only be hashed from its beginning to its end.
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

    /// Whether pieces of an input can be hashed apart, so that what is done of it can be kept.
    package var isDivisible: Bool { unitBytes != nil }

    /// A hasher for a piece.
    ///
    /// - Parameters:
    ///   - offset: where the piece begins in the input: a multiple of `pieceBytes`.
    ///   - pieceBytes: the size of all pieces but the last: a multiple of `unitBytes`; nil where the input is one piece.
    package func hasher(at offset: UInt64, pieceBytes: UInt64?) -> any PieceHasher {
        switch self {
        case .blake3(let purpose, let digestBytes):
            Blake3Piece(purpose, digestBytes: digestBytes, at: offset, pieceBytes: pieceBytes)
        case .sha256: OneDigest(SHA256Function())
        case .sha512: OneDigest(SHA512Function())
        case .sha1: OneDigest(SHA1Function())
        case .md5: OneDigest(MD5Function())
        case .crc32: OneDigest(CRCFunction(.crc32))
        case .crc32c: OneDigest(CRCFunction(.crc32c))
        case .crc64nvme: OneDigest(CRCFunction(.crc64nvme))
        case .s3ETag(let bytes): PartsPiece(at: offset, partBytes: bytes) { MD5Function() }
        case .s3SHA256(let bytes): PartsPiece(at: offset, partBytes: bytes) { SHA256Function() }
        case .s3CRC32C(let bytes): PartsPiece(at: offset, partBytes: bytes) { CRCFunction(.crc32c) }
        case .dropbox:
            PartsPiece(at: offset, partBytes: HashAlgorithm.dropboxBlockBytes, emptyInputHasPart: false) {
                SHA256Function()
            }
        case .fsveritySHA256(let salt): FsverityPiece(at: offset, salt: salt) { SHA256Function() }
        case .fsveritySHA512(let salt): FsverityPiece(at: offset, salt: salt) { SHA512Function() }
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
        case .s3ETag(let bytes): S3Joiner(partBytes: bytes, partDigestBytes: 16, .hexadecimal) { MD5Function() }
        case .s3SHA256(let bytes): S3Joiner(partBytes: bytes, partDigestBytes: 32, .base64) { SHA256Function() }
        case .s3CRC32C(let bytes):
            S3Joiner(partBytes: bytes, partDigestBytes: 4, .base64) { CRCFunction(.crc32c) }
        case .dropbox: DropboxJoiner()
        case .fsveritySHA256(let salt): FsverityJoiner(salt: salt, number: 1) { SHA256Function() }
        case .fsveritySHA512(let salt): FsverityJoiner(salt: salt, number: 2) { SHA512Function() }
        }
    }
}

// MARK: Functions

/// A hash function over bytes in order, the same for all that is built of parts.
package protocol StreamFunction {
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// The digest of all that was taken; called once.
    mutating func finish() -> [UInt8]
}

/// A whole input hashed in order, or one piece that nobody joins.
struct OneDigest<Function: StreamFunction>: PieceHasher {
    private var function: Function

    package init(_ function: Function) {
        self.function = function
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        function.update(bytes)
    }

    package mutating func finish() -> [UInt8] {
        function.finish()
    }
}

/// The digest of an input that was hashed in one piece.
struct OneDigestJoiner: PieceJoiner {
    private var digest: [UInt8]?

    package mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        guard digest == nil else { throw PoolmapError(.failed, "has two digests of the whole") }
        digest = piece
    }

    package mutating func finish() throws(PoolmapError) -> String {
        guard let digest else { throw PoolmapError(.failed, "there is no digest") }
        return hexadecimal(digest)
    }
}

/// Lowercase, two digits a byte.
package func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value }
    return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
        for (index, byte) in bytes.enumerated() {
            text[2 * index] = digit(byte >> 4)
            text[2 * index + 1] = digit(byte & 15)
        }
        return 2 * bytes.count
    }
}
