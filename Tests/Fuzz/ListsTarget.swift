@testable import Digests
@testable import Files
@testable import Ground
@testable import Operations

extension FuzzTarget {
    /// Lists of digests: two readers must split lines alike, and a parsed line must be written as an equivalent one.
    static let lists = FuzzTarget(
        name: "lists", mostBytes: 1024, leastEdges: 700,
        seeds: {
            [
                "\u{0}d41d8cd98f00b204e9800998ecf8427e  name\n# comment\n\\d41d8cd98f00b204e9800998ecf8427e *a\\nb\\\\\n",
                "\u{0}SHA1 (a (b)) = da39a3ee5e6b4b0d3255bfef95601890afd80709\r\nCRC32C (x)= 0000000a\n",
                "\u{1}da39a3ee5e6b4b0d3255bfef95601890afd80709  a\n\0CRC32 (-) = 00000000\0",
                "\u{2}00ff00ff00ff x\nBLAKE3 (x) = 00ff00ff00ff\nSHA2-512(a)= 00\n",
                "\u{4}S3-ETAG:8388608 (f) = d41d8cd98f00b204e9800998ecf8427e-2\nS3-CRC32C (f) = AAAAAA==-1\n",
                "\u{0}FSVERITY-SHA256:00aa (f) = \(String(repeating: "0a", count: 32))\nDROPBOX (f) = \n",
            ].map { Array($0.utf8) }
        },
        run: { bytes in
            var choices = Choices(bytes)
            let kind = choices.byte()
            let endsWithNull = kind & 1 != 0
            let algorithms: [HashAlgorithm?] = [
                nil, .blake3(.hash, digestBytes: 6), .s3ETag(partBytes: 1 << 23), .sha256, .crc32,
                .s3CRC32C(partBytes: 5),
                .blake3(.keyed([UInt8](repeating: 1, count: 32)), digestBytes: 32), nil,
            ]
            let syntax = ChecksumSyntax(untagged: algorithms[Int(kind >> 1 & 7)], endsWithNull: endsWithNull)
            var parser = ChecksumParser(syntax)
            for line in lines(of: choices.remainder, separator: endsWithNull ? 0 : UInt8(ascii: "\n")) {
                guard case .line(let found) = parser.read(line[...]) else { continue }
                require(!found.candidates.isEmpty, "a line without an algorithm")
                compare(found, syntax)
            }
        })

    /// The lines from `LineReader`, which must be those of the whole text.
    static func lines(of text: UnsafeRawBufferPointer, separator: UInt8) -> [[UInt8]] {
        guard !text.isEmpty, let input = try? InputFile.open(path: ScratchFiles.path(to: text)) else { return [] }
        let mostBytes = 64
        let reader = LineReader(input, separator: separator, mostLineBytes: 1 << 16)
        var lines: [[UInt8]] = []
        do {
            reading: while true {
                switch try reader.next() {
                case .line(let line): lines.append(Array(line))
                case .tooLong: require(text.count > mostBytes, "a short line is too long")
                case .waitForInput: require(false, "a file is to be waited for")
                case .end: break reading
                }
            }
        } catch {
            require(false, "\(error)")
        }
        var expected = text.split(separator: separator, omittingEmptySubsequences: false).map { Array($0) }
        if expected.last?.isEmpty ?? false { expected.removeLast() }
        require(lines == expected, "the lines are others")
        return lines
    }

    private static func compare(_ found: ChecksumLine, _ syntax: ChecksumSyntax) {
        for algorithm in found.candidates where !found.hasMore {
            let line = DigestLine(algorithm, found.digest, found.name)
            let text = FileName.bytes(of: line.text(.tagged, endsWithNull: syntax.endsWithNull)).dropLast()
            var parser = ChecksumParser(syntax)
            guard case .line(let again) = parser.read(text) else {
                fatalError("\(line.text(.tagged)) is not read again")
            }
            require(again.name == found.name && again.digest == found.digest, "\(again) is not \(found)")
            require(again.candidates == [algorithm], "\(again) is not by \(algorithm)")
        }
    }
}
