import Digests
import Ground
import Run

/// The chunk size and algorithm of a manifest; docs/manifest.md describes the format.
package struct ManifestScheme: Hashable, Sendable {
    /// One of `algorithmNames`.
    package let algorithm: HashAlgorithm
    /// The size of each chunk but the last, in bytes, within `chunkBytesRange`.
    package let chunkBytes: UInt64
    /// The length of a digest in bytes.
    let digestBytes: Int

    /// Creates a scheme; nil if the format does not allow the algorithm or chunk size.
    package init?(_ name: HashAlgorithm.Name, chunkBytes: UInt64 = defaultChunkBytes) {
        guard ManifestScheme.algorithmNames.contains(name), ManifestScheme.chunkBytesRange.contains(chunkBytes) else {
            return nil
        }
        algorithm = HashAlgorithm(name)
        self.chunkBytes = chunkBytes
        var ofNothing = algorithm.wholeHasher()
        digestBytes = ofNothing.finish().count
    }

    /// The algorithms that the format allows.
    package static let algorithmNames: [HashAlgorithm.Name] = [
        .blake3, .sha256, .sha512, .sha1, .md5, .crc32, .crc32c, .crc64nvme,
    ]
    /// The chunk sizes that the format allows.
    package static let chunkBytesRange: ClosedRange<UInt64> = 1 << 10...1 << 30
    /// The default chunk size.
    package static let defaultChunkBytes: UInt64 = 1 << 20
}

/// The words of a manifest.
enum ManifestText {
    /// Every version begins like this.
    static let identifier = Array("poolmap manifest ".utf8)
    static let version: UInt64 = 1
    static let algorithm = Array("algorithm ".utf8)
    static let chunkSize = Array("chunk-size ".utf8)
    static let file = Array("file ".utf8)
    static let size = Array("size ".utf8)
    static let root = Array("root ".utf8)
    static let end = Array("end ".utf8)

    /// The name, escaped to fit on one line.
    static func escaped(_ name: String) -> [UInt8] {
        FileName.bytes(of: DigestLine.escaped(name))
    }

    /// The original of an escaped name; nil if the escapes are invalid.
    static func name(ofEscaped bytes: UnsafeRawBufferPointer) -> String? {
        guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "\r")), !bytes.contains(UInt8(ascii: "\n")) else {
            return nil
        }
        return DigestLine.unescaped(Array(bytes)[...]).map { FileName.text(of: $0) }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// A number in the format's notation: decimal digits without leading zeros.
    static func number(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
        guard let first = bytes.first, first != UInt8(ascii: "0") || bytes.count == 1 else { return nil }
        var number: UInt64 = 0
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            let (product, hasOverflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            if hasOverflow || overflows { return nil }
            number = sum
        }
        return number
    }

    /// The bytes of `byteCount` pairs of lowercase hexadecimal digits; nil for any other text.
    static func digest(_ digits: UnsafeRawBufferPointer, byteCount: Int) -> [UInt8]? {
        guard digits.count == 2 * byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        var place = 0
        while place < digits.count {
            guard let high = value(ofDigit: digits[place]), let low = value(ofDigit: digits[place + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
            place += 2
        }
        return bytes
    }

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        if isDigit(digit) { return digit - UInt8(ascii: "0") }
        guard digit >= UInt8(ascii: "a"), digit <= UInt8(ascii: "f") else { return nil }
        return digit - UInt8(ascii: "a") + 10
    }
}

// MARK: Digests

/// Receives the digests of an input's chunks, in order.
protocol ChunkSink: AnyObject {
    /// Takes the concatenated digests of the next chunks, which have `byteCount` bytes in total.
    func take(_ digests: [UInt8], byteCount: UInt64) throws(PoolmapError)
    /// Called when the input was read to its end and has not changed; `byteCount` is its size.
    func finish(byteCount: UInt64) throws(PoolmapError) -> JobSummary
}
