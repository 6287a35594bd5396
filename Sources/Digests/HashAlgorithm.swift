import Ground

/// A standard digest algorithm, with all parameters that the digest depends on.
package enum HashAlgorithm: Hashable, Sendable {
    /// As `b3sum`, with a digest of this many bytes.
    case blake3(Blake3Purpose = .hash, digestBytes: Int = 32)
    /// As `sha256sum`.
    case sha256
    /// As `sha512sum`.
    case sha512
    /// As `sha1sum`; not collision-resistant.
    case sha1
    /// As `md5sum`; not collision-resistant.
    case md5
    /// The CRC-32 of zlib, gzip and Ethernet.
    case crc32
    /// The CRC-32C of iSCSI and of object stores.
    case crc32c
    /// The CRC-64 of NVMe, S3's checksum of whole objects.
    case crc64nvme
    /// The ETag of an S3 object uploaded in parts: the MD5 of the parts' MD5s.
    case s3ETag(partBytes: UInt64)
    /// S3's composite SHA-256: the SHA-256 of the parts' SHA-256s.
    case s3SHA256(partBytes: UInt64)
    /// S3's composite CRC-32C: the CRC-32C of the parts' CRC-32Cs.
    case s3CRC32C(partBytes: UInt64)
    /// Dropbox's content hash: the SHA-256 of the SHA-256s of blocks of 4 MiB.
    case dropbox
    /// The file digest of Linux's fs-verity with SHA-256, blocks of 4 KiB and this salt.
    case fsveritySHA256(salt: [UInt8] = [])
    /// The file digest of fs-verity with SHA-512.
    case fsveritySHA512(salt: [UInt8] = [])

    /// The mode of BLAKE3.
    package enum Blake3Purpose: Hashable, Sendable {
        /// Plain hashing.
        case hash
        /// Hashing with a key of 32 bytes.
        case keyed([UInt8])
        /// Deriving a key for this context.
        case deriveKey(context: String)
    }
}

extension HashAlgorithm {
    /// The name of an algorithm, for `--algorithm`.
    package enum Name: String, CaseIterable, Sendable {
        case blake3, sha256, sha512, sha1, md5, crc32, crc32c, crc64nvme, dropbox
        case s3ETag = "s3-etag"
        case s3SHA256 = "s3-sha256"
        case s3CRC32C = "s3-crc32c"
        case fsveritySHA256 = "fsverity-sha256"
        case fsveritySHA512 = "fsverity-sha512"
    }

    /// The algorithm with this name.
    ///
    /// - Parameters:
    ///   - partBytes: the part size of S3's digests.
    ///   - salt: the salt of fs-verity's digests.
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

    /// The default part size of S3's command line and libraries.
    package static let defaultPartBytes: UInt64 = 8 << 20

    /// The part size of S3's digests; nil for other algorithms.
    package var s3PartBytes: UInt64? {
        switch self {
        case .s3ETag(let bytes), .s3SHA256(let bytes), .s3CRC32C(let bytes): bytes
        default: nil
        }
    }
}
