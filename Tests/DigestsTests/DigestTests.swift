import TestSupport
import Ground
import Testing

@testable import Digests

/// How an input is cut, hashed in pieces and joined; command-line cases check the digests against other programs.
@Suite struct DigestTests {
    /// Every algorithm, with parts and salts of odd sizes.
    private static let all: [HashAlgorithm] =
        HashAlgorithm.Name.allCases.map { HashAlgorithm($0) } + [
            .blake3(digestBytes: 131), .blake3(.keyed([UInt8](repeating: 7, count: 32)), digestBytes: 32),
            .blake3(.deriveKey(context: "DigestTests"), digestBytes: 5), .s3ETag(partBytes: 77_777),
            .s3SHA256(partBytes: 1 << 16), .s3CRC32C(partBytes: 1_230), .fsveritySHA256(salt: [1, 2, 3]),
            .fsveritySHA512(salt: [UInt8](repeating: 9, count: 32)),
        ]

    // MARK: Pieces

    @Test(
        arguments: [
            ([.blake3()], 4 << 20, 4 << 20),
            ([.blake3()], 1, 64 << 10),
            ([.crc32, .crc32c, .crc64nvme], 4 << 20, 4 << 20),
            ([.dropbox], 1 << 20, 4 << 20),
            ([.fsveritySHA256()], 1, 128 * 4096),
            ([.fsveritySHA512()], 1, 64 * 4096),
            ([.s3ETag(partBytes: 5_000_000)], 4 << 20, 5_000_000),
            ([.s3ETag(partBytes: 3)], 4 << 20, 4_194_306),
            ([.s3ETag(partBytes: 1)], 4 << 20, 4 << 20),
            ([.s3ETag(partBytes: 8 << 20), .blake3(), .dropbox, .fsveritySHA256()], 4 << 20, 8 << 20),
            // The least common multiple of 64 KiB and five million.
            ([.s3ETag(partBytes: 5_000_000), .blake3()], 4 << 20, 5_120_000_000),
            ([.s3ETag(partBytes: 6), .s3SHA256(partBytes: 4)], 1, 12),
            // nil if one of them needs everything in order, or if the size overflows.
            ([.blake3(), .sha256], 4 << 20, nil),
            ([.md5], 4 << 20, nil),
            ([.s3ETag(partBytes: .max), .blake3()], 4 << 20, nil),
        ] as [([HashAlgorithm], UInt64, UInt64?)])
    func aPieceHasTheSmallestSizeThatSuitsAllAlgorithms(
        _ algorithms: [HashAlgorithm], _ wanted: UInt64, _ expected: UInt64?
    ) {
        #expect(PieceSize.bytes(algorithms, wanted: wanted) == expected)
        #expect(PieceSize.bytes(algorithms.reversed(), wanted: wanted) == expected)
    }

    /// The digests of `data` in pieces of `pieceBytes`, each passed in parts of random sizes.
    private func digests(
        _ algorithms: [HashAlgorithm], of data: [UInt8], pieceBytes: UInt64?, using random: inout SeededGenerator
    ) throws -> [String] {
        var join = DigestJoin(algorithms, pieceBytes: pieceBytes)
        var offset = 0
        repeat {
            let count = min(pieceBytes.map { Int($0) } ?? .max, data.count - offset)
            var run = DigestRun(algorithms, at: UInt64(offset), pieceBytes: pieceBytes)
            var rest = data[offset..<(offset + count)]
            while !rest.isEmpty {
                let most = [1, 63, 4_096, 65_536, rest.count].randomElement(using: &random) ?? 1
                // Large enough that small pieces do not take too long.
                let part = rest.prefix(Int.random(in: 0...max(most, rest.count / 50), using: &random))
                part.withUnsafeBytes { run.update($0) }
                rest = rest.dropFirst(part.count)
            }
            try join.add(run.finish(), byteCount: UInt64(count))
            offset += count
        } while offset < data.count
        #expect(join.byteCount == UInt64(data.count))
        return try join.finish()
    }

    /// The digests of `data` at once.
    private func digestsAtOnce(_ algorithms: [HashAlgorithm], of data: [UInt8]) throws -> [String] {
        var run = DigestRun(algorithms)
        data.withUnsafeBytes { run.update($0) }
        var join = DigestJoin(algorithms)
        try join.add(run.finish(), byteCount: UInt64(data.count))
        return try join.finish()
    }

    @Test func anyCutsGiveTheDigestsOfTheWhole() throws {
        var random = SeededGenerator(for: "anyCutsGiveTheDigestsOfTheWhole")
        for algorithm in Self.all {
            guard let unit = PieceSize.bytes([algorithm], wanted: 10_000) else {
                #expect([.sha256, .sha512, .sha1, .md5].contains(algorithm))
                continue
            }
            for _ in 0..<3 {
                let pieceBytes = unit * UInt64(Int.random(in: 1...5, using: &random))
                let around = Int(pieceBytes) * Int.random(in: 0...3, using: &random)
                // Near a border, or anywhere.
                let size = [around - 1, around, around + 1, Int.random(in: 0...(around + 9), using: &random)]
                    .randomElement(using: &random)
                let data = noise(min(max(size ?? 0, 0), 5_000_000), using: &random)
                let expected = try digestsAtOnce([algorithm], of: data)
                let inPieces = try digests([algorithm], of: data, pieceBytes: pieceBytes, using: &random)
                #expect(inPieces == expected, "\(algorithm.name): \(data.count) bytes in pieces of \(pieceBytes)")
                let inParts = try digests([algorithm], of: data, pieceBytes: nil, using: &random)
                #expect(inParts == expected, "\(algorithm.name): \(data.count) bytes in parts")
                let ofBytes = try data.withUnsafeBytes { try [digest(algorithm, of: $0)] }
                #expect(ofBytes == expected, "\(algorithm.name): \(data.count) bytes")
            }
        }
    }

    @Test func severalAlgorithmsDoNotInterfere() throws {
        var random = SeededGenerator(for: "severalAlgorithmsDoNotInterfere")
        for _ in 0..<6 {
            var algorithms = Self.all.shuffled(using: &random)
            algorithms.removeLast(Int.random(in: 0..<algorithms.count, using: &random))
            let pieceBytes = PieceSize.bytes(algorithms, wanted: 50_000)
            let most = Int(min(pieceBytes ?? .max, 1_000_000)) * 2
            let data = noise(Int.random(in: 0...most, using: &random), using: &random)
            let expected = try algorithms.flatMap { try digestsAtOnce([$0], of: data) }
            let seen = try digests(algorithms, of: data, pieceBytes: pieceBytes, using: &random)
            #expect(seen == expected, "\(algorithms.map(\.name)): \(data.count) bytes")
        }
    }

    private func noise(_ count: Int, using random: inout SeededGenerator) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { bytes in
            for start in stride(from: 0, to: count, by: 8) {
                withUnsafeBytes(of: random.next()) { word in
                    let part = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<min(start + 8, count)])
                    part.copyMemory(from: UnsafeRawBufferPointer(rebasing: word.prefix(part.count)))
                }
            }
        }
        return bytes
    }

    // MARK: Parts

    /// The example in Dropbox's documentation of its content hash: a picture in three blocks, whose digests it shows.
    @Test func theExampleOfDropboxsDocumentation() throws {
        var joiner = DropboxJoiner()
        for (digest, byteCount) in [
            ("2a846fa617c3361fc117e1c5c1e1838c336b6a5cef982c1a2d9bdf68f2f1992a", 4_194_304),
            ("c68469027410ea393eba6551b9fa1e26db775f00eae70a0c3c129a0011a39cf9", 4_194_304),
            ("7376192de020925ce6c5ef5a8a0405e931b0a9a8c75517aacd9ca24a8a56818b", 1_322_815),
        ] as [(String, UInt64)] {
            try joiner.add(bytes(ofHexadecimal: digest), byteCount: byteCount)
        }
        #expect(try joiner.finish() == "485291fa0ee50c016982abbfa943957bcd231aae0492ccbaa22c58e3997b35e0")
    }

    private func bytes(ofHexadecimal text: String) throws -> [UInt8] {
        let digits = try text.map { try #require($0.hexDigitValue) }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    @Test(arguments: [(UInt64(1), UInt64(10_000)), (5 << 20, 10_000 * (5 << 20)), (3, 29_998), (.max, .max)])
    func partsAreCountedBeforeTheyAreHashed(_ partBytes: UInt64, _ most: UInt64) throws {
        let algorithms: [HashAlgorithm] = [.sha256, .s3ETag(partBytes: partBytes)]
        try algorithms.requireParts(of: 0)
        try algorithms.requireParts(of: most)
        guard most < .max else { return }
        #expect(throws: PoolmapError.self) { try algorithms.requireParts(of: most + 3) }
    }

    @Test func moreDigestsThanPartsAreRefused() throws {
        var join = DigestJoin([.s3ETag(partBytes: 1)])
        try join.add([[UInt8](repeating: 0, count: 16 * 9_999)], byteCount: 9_999)
        try join.add([[UInt8](repeating: 0, count: 16)], byteCount: 1)
        #expect(throws: PoolmapError.self) {
            try join.add([[UInt8](repeating: 0, count: 16)], byteCount: 1)
        }
    }

    // MARK: Results and notations

    @Test func aResultForOtherAlgorithmsIsRefused() {
        var join = DigestJoin([.crc32, .crc32c])
        #expect(throws: PoolmapError.self) { try join.add([[0, 0, 0, 0]], byteCount: 1) }
        var blake3 = DigestJoin([.blake3()], pieceBytes: 1 << 20)
        #expect(throws: PoolmapError.self) { try blake3.add([[0]], byteCount: 1) }
        #expect(throws: PoolmapError.self) { try blake3.add([[UInt8](repeating: 0, count: 32)], byteCount: 1) }
        // An algorithm that needs everything in order returns one digest.
        var sha256 = DigestJoin([.sha256])
        #expect(throws: PoolmapError.self) { try sha256.finish() }
        #expect(throws: Never.self) { try sha256.add([[1]], byteCount: 1) }
        #expect(throws: PoolmapError.self) { try sha256.add([[1]], byteCount: 1) }
    }

    /// The vectors of RFC 4648, section 10, and all digits.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64MatchesItsStandard(_ text: String, _ expected: String) {
        #expect(base64(Array(text.utf8)) == expected)
    }

    @Test func base64HasAllDigits() {
        // Sixteen times three bytes that hold four digits each, from 0 to 63.
        let bytes = stride(from: UInt32(0), to: 64, by: 4).flatMap { first -> [UInt8] in
            let bits = first << 18 | (first + 1) << 12 | (first + 2) << 6 | (first + 3)
            return [UInt8(bits >> 16), UInt8(bits >> 8 & 255), UInt8(bits & 255)]
        }
        #expect(base64(bytes) == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    }

    @Test func hexadecimalIsLowercase() {
        #expect(hexadecimal([] as [UInt8]) == "")
        #expect(hexadecimal([0, 1, 0x9F, 0xAB, 255]) == "00019fabff")
    }
}
