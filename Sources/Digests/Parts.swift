import Ground

/// A piece of an input whose parts are hashed one by one: S3's and Dropbox's digests.
///
/// The result for a piece is the digests of its parts, one after the other.
struct PartsPiece: PieceHasher {
    private let partBytes: UInt64
    private let make: () -> any PieceHasher
    private var hasher: any PieceHasher
    private var taken: UInt64 = 0
    /// Whether an empty part counts as a part: only as the single part of an empty input.
    private var countsEmptyPart: Bool
    private var result: [UInt8] = []

    /// - Parameters:
    ///   - offset: where the piece begins, a multiple of `partBytes`.
    ///   - emptyInputHasPart: whether an empty input has one empty part, or none.
    init(
        at offset: UInt64, partBytes: UInt64, emptyInputHasPart: Bool = true, _ make: @escaping () -> any PieceHasher
    ) {
        self.partBytes = partBytes
        self.make = make
        countsEmptyPart = offset == 0 && emptyInputHasPart
        hasher = make()
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty {
            if taken == partBytes {
                endPart()
            }
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(min(UInt64(rest.count), partBytes - taken))))
            hasher.update(part)
            taken += UInt64(part.count)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
        }
    }

    mutating func finish() -> [UInt8] {
        if taken > 0 || countsEmptyPart {
            endPart()
        }
        return result
    }

    private mutating func endPart() {
        result += hasher.finish()
        hasher = make()
        taken = 0
        countsEmptyPart = false
    }
}

/// S3's digest of an upload in parts: the digest of the parts' digests, and the number of parts.
struct S3Joiner: PieceJoiner {
    /// S3's notations of a digest.
    enum Notation {
        case hexadecimal
        case base64
    }

    private let partBytes: UInt64
    private let partDigestBytes: Int
    private let notation: Notation
    private var hasher: any PieceHasher
    private var partCount = 0

    init(partBytes: UInt64, partDigestBytes: Int, _ notation: Notation, _ hasher: any PieceHasher) {
        self.partBytes = partBytes
        self.partDigestBytes = partDigestBytes
        self.notation = notation
        self.hasher = hasher
    }

    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        partCount += piece.count / partDigestBytes
        guard partCount <= S3.mostParts else { throw S3.tooManyParts(partBytes) }
        piece.withUnsafeBytes { hasher.update($0) }
    }

    mutating func finish() throws(PoolmapError) -> String {
        let digest = hasher.finish()
        let text =
            switch notation {
            case .hexadecimal: hexadecimal(digest)
            case .base64: base64(digest)
            }
        return "\(text)-\(partCount)"
    }
}

/// The limits of S3.
package enum S3 {
    /// The largest number of parts of an upload.
    package static let mostParts = 10_000

    static func tooManyParts(_ partBytes: UInt64) -> PoolmapError {
        PoolmapError(
            .failed,
            "has more than \(mostParts) parts of \(partBytes) bytes, S3's limit; use a larger --part-size")
    }
}

extension HashAlgorithm {
    /// Throws if an input of this size has more parts than S3 accepts.
    package func requireParts(of byteCount: UInt64) throws(PoolmapError) {
        guard let partBytes = s3PartBytes else { return }
        let (whole, rest) = byteCount.quotientAndRemainder(dividingBy: partBytes)
        if whole + (rest > 0 ? 1 : 0) > UInt64(S3.mostParts) {
            throw S3.tooManyParts(partBytes)
        }
    }
}

extension Sequence<HashAlgorithm> {
    /// Throws if, for any of the algorithms, an input of this size has more parts than S3 accepts.
    package func requireParts(of byteCount: UInt64) throws(PoolmapError) {
        for algorithm in self {
            try algorithm.requireParts(of: byteCount)
        }
    }
}

/// Dropbox's content hash: the SHA-256 of the blocks' SHA-256s.
struct DropboxJoiner: PieceJoiner {
    private var hasher = SHA256Hasher()

    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        piece.withUnsafeBytes { hasher.update($0) }
    }

    mutating func finish() throws(PoolmapError) -> String {
        hexadecimal(hasher.finish())
    }
}
