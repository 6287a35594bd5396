import Digests

/// The textual form of a digest.
enum DigestNotation: Equatable {
    /// Two digits for each of `byteCount` bytes.
    case hexadecimal(byteCount: Int)
    /// Two digits for each byte, then a hyphen and the number of parts.
    case hexadecimalOfParts(byteCount: Int)
    /// The bytes in base64, then a hyphen and the number of parts.
    case base64OfParts(byteCount: Int)

    /// The digest in this program's form; nil if the text is not one.
    ///
    /// Hexadecimal digits may have either case.
    func digest(in text: ArraySlice<UInt8>) -> String? {
        switch self {
        case .hexadecimal(let byteCount):
            return DigestNotation.hexadecimalDigits(text, byteCount)
        case .hexadecimalOfParts(let byteCount):
            guard let (digest, parts) = DigestNotation.split(text) else { return nil }
            return DigestNotation.hexadecimalDigits(digest, byteCount).map { "\($0)-\(parts)" }
        case .base64OfParts(let byteCount):
            guard let (digest, parts) = DigestNotation.split(text) else { return nil }
            return DigestNotation.base64Digits(digest, byteCount).map { "\($0)-\(parts)" }
        }
    }

    private static func hexadecimalDigits(_ text: ArraySlice<UInt8>, _ byteCount: Int) -> String? {
        guard text.count == 2 * byteCount, text.allSatisfy(isHexadecimal) else { return nil }
        // Makes A to F lower case, and leaves digits as they are.
        return String(unsafeUninitializedCapacity: text.count) { digits in
            for (place, digit) in text.enumerated() {
                digits[place] = digit | 0x20
            }
            return text.count
        }
    }

    static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func base64Digits(_ text: ArraySlice<UInt8>, _ byteCount: Int) -> String? {
        let padding = (3 - byteCount % 3) % 3
        guard text.count == (byteCount + 2) / 3 * 4, text.suffix(padding).allSatisfy({ $0 == UInt8(ascii: "=") }),
            text.dropLast(padding).allSatisfy(isBase64)
        else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// The text before the hyphen and the number after it; nil without a valid number of parts.
    private static func split(_ text: ArraySlice<UInt8>) -> (digest: ArraySlice<UInt8>, parts: Int)? {
        guard let hyphen = text.lastIndex(of: UInt8(ascii: "-")),
            let parts = decimal(text[(hyphen + 1)...]), (1...UInt64(S3.mostParts)).contains(parts)
        else { return nil }
        return (text[..<hyphen], Int(parts))
    }

    /// A number without a sign or leading zeros.
    static func decimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }
}

extension HashAlgorithm {
    /// The longest BLAKE3 digest, which is made in memory.
    package static let mostDigestBytes = 1 << 20

    /// The textual form of its digests.
    var notation: DigestNotation {
        switch self {
        case .blake3(_, let digestBytes): .hexadecimal(byteCount: digestBytes)
        case .sha512, .fsveritySHA512: .hexadecimal(byteCount: 64)
        case .sha256, .dropbox, .fsveritySHA256: .hexadecimal(byteCount: 32)
        case .sha1: .hexadecimal(byteCount: 20)
        case .md5: .hexadecimal(byteCount: 16)
        case .crc64nvme: .hexadecimal(byteCount: 8)
        case .crc32, .crc32c: .hexadecimal(byteCount: 4)
        case .s3ETag: .hexadecimalOfParts(byteCount: 16)
        case .s3SHA256: .base64OfParts(byteCount: 32)
        case .s3CRC32C: .base64OfParts(byteCount: 4)
        }
    }
}
