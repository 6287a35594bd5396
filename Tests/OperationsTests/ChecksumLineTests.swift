import Testing

@testable import Digests
@testable import Ground
@testable import Operations

/// Parsing of lists of digests.
///
/// Tests/cli/check compares with coreutils what is accepted and refused. Here are the rules that coreutils has no line
/// for, and those whose effect is invisible from outside.
@Suite struct ChecksumLineTests {
    static let md5 = "5d41402abc4b2a76b9719d911017c592"
    static let sha1 = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
    static let sha256 = md5 + md5
    static let sha512 = sha256 + sha256

    /// The result of reading one line, after others.
    private func read(
        _ line: String, after earlier: [String] = [], _ syntax: ChecksumSyntax = ChecksumSyntax()
    ) -> ChecksumParser.Reading {
        var parser = ChecksumParser(syntax)
        for line in earlier {
            _ = parser.read(Array(line.utf8)[...])
        }
        return parser.read(Array(line.utf8)[...])
    }

    private func line(_ kinds: [HashAlgorithm], _ digest: String, _ name: String) -> ChecksumParser.Reading {
        .line(ChecksumLine(candidates: kinds, digest: digest, name: name))
    }

    @Test func lengthOfADigestSaysWhatItIs() {
        #expect(read("\(Self.md5)  n") == line([.md5], Self.md5, "n"))
        #expect(read("\(Self.sha1)  n") == line([.sha1], Self.sha1, "n"))
        #expect(read("\(Self.sha256)  n") == line([.blake3(), .sha256], Self.sha256, "n"))
        #expect(read("\(Self.sha512)  n") == line([.sha512], Self.sha512, "n"))
        for length in [0, 1, 2, 8, 31, 33, 63, 65, 96, 127, 129, 256] {
            #expect(read(String(repeating: "0", count: length) + "  n") == .malformed)
        }
    }

    @Test func whatIsSaidOfUntaggedDigestsGoesBeforeTheirLength() {
        let crc = ChecksumSyntax(untagged: .crc32)
        #expect(read("00c0FFee  n", crc) == line([.crc32], "00c0ffee", "n"))
        #expect(read("\(Self.md5)  n", crc) == .malformed)
        #expect(read("\(Self.sha256)  n", ChecksumSyntax(untagged: .dropbox)) == line([.dropbox], Self.sha256, "n"))
        let short = HashAlgorithm.blake3(digestBytes: 2)
        #expect(read("beef n", ChecksumSyntax(untagged: short)) == line([short], "beef", "n"))
        let tag = HashAlgorithm.s3ETag(partBytes: 5)
        #expect(read("\(Self.md5)-7  n", ChecksumSyntax(untagged: tag)) == line([tag], "\(Self.md5)-7", "n"))
        // A tag gives more detail.
        #expect(read("MD5 (n) = \(Self.md5)", crc) == line([.md5], Self.md5, "n"))
    }

    @Test(arguments: HashAlgorithm.Name.allCases)
    func ownLinesAreReadAsTheyWereWritten(_ name: HashAlgorithm.Name) {
        for algorithm in [HashAlgorithm(name), HashAlgorithm(name, partBytes: 12_345_678, salt: [0, 0x9A, 255])] {
            let digest = Self.example(of: algorithm)
            for file in ["n", " a b ", "a(b) = c", ")", "(", "back\\slash", "line\nbreak\r", "-", "\u{10FF80}"] {
                let own = DigestLine(algorithm, digest, file)
                let expected = line([algorithm], digest, file)
                #expect(read(FileName.bytes(of: String(own.text(.tagged).dropLast()))) == expected)
                let plain = FileName.bytes(of: String(own.text(.plain).dropLast()))
                #expect(read(plain, ChecksumSyntax(untagged: algorithm)) == expected)
                let null = ChecksumSyntax(untagged: algorithm, endsWithNull: true)
                for style in [DigestLine.Style.tagged, .plain] {
                    let text = own.text(style, endsWithNull: true)
                    #expect(read(FileName.bytes(of: String(text.dropLast())), null) == expected)
                }
            }
        }
    }

    private func read(_ line: [UInt8], _ syntax: ChecksumSyntax = ChecksumSyntax()) -> ChecksumParser.Reading {
        var parser = ChecksumParser(syntax)
        return parser.read(line[...])
    }

    private func read(_ line: String, _ syntax: ChecksumSyntax) -> ChecksumParser.Reading {
        read(line, after: [], syntax)
    }

    private static func example(of algorithm: HashAlgorithm) -> String {
        switch algorithm.notation {
        case .hexadecimal(let count): String(repeating: "0a", count: count)
        case .hexadecimalOfParts(let count): String(repeating: "0a", count: count) + "-10000"
        case .base64OfParts(let count): base64([UInt8](repeating: 0xFB, count: count)) + "-3"
        }
    }

    @Test func tagsSayWhatADigestDependsOn() {
        let three = "\(Self.md5)-3"
        #expect(read("S3-ETAG:5242880 (n) = \(three)") == line([.s3ETag(partBytes: 5_242_880)], three, "n"))
        #expect(read("S3-ETAG (n) = \(three)") == line([.s3ETag(partBytes: 8 << 20)], three, "n"))
        let small = ChecksumSyntax(untagged: .s3ETag(partBytes: 9))
        #expect(read("S3-ETAG (n) = \(three)", small) == line([.s3ETag(partBytes: 9)], three, "n"))
        #expect(
            read("FSVERITY-SHA256:aB01 (n) = \(Self.sha256)")
                == line([.fsveritySHA256(salt: [0xAB, 1])], Self.sha256, "n"))
        #expect(read("FSVERITY-SHA512 (n) = \(Self.sha512)") == line([.fsveritySHA512()], Self.sha512, "n"))
        #expect(read("SHA2-256(n)= \(Self.sha256)") == line([.sha256], Self.sha256, "n"))
        for parameter in ["0", "-1", "+5", "05", "x", "", "5 ", "99999999999999999999", "5:5"] {
            #expect(read("S3-ETAG:\(parameter) (n) = \(three)") == .malformed, "part size \(parameter)")
        }
        for parameter in ["0", "0g", "", String(repeating: "00", count: 33)] {
            #expect(read("FSVERITY-SHA256:\(parameter) (n) = \(Self.sha256)") == .malformed, "salt \(parameter)")
        }
        #expect(read("SHA256:5 (n) = \(Self.sha256)") == .malformed)
        #expect(read("BLAKE3:32 (n) = \(Self.sha256)") == .malformed)
        #expect(read("SHA512-256 (n) = \(Self.sha256)") == .malformed)
    }

    @Test func blake3HasDigestsOfAnyLength() {
        for count in [1, 31, 32, 131, HashAlgorithm.mostDigestBytes] {
            let digest = String(repeating: "e5", count: count)
            #expect(read("BLAKE3 (n) = \(digest)") == line([.blake3(digestBytes: count)], digest, "n"))
        }
        #expect(read("BLAKE3 (n) = ") == .malformed)
        #expect(read("BLAKE3 (n) = 123") == .malformed)
        #expect(read("BLAKE3 (n) = " + String(repeating: "e5", count: HashAlgorithm.mostDigestBytes + 1)) == .malformed)
        let keyed = HashAlgorithm.Blake3Purpose.keyed([UInt8](repeating: 7, count: 32))
        let syntax = ChecksumSyntax(untagged: .blake3(keyed))
        #expect(read("BLAKE3 (n) = beef", syntax) == line([.blake3(keyed, digestBytes: 2)], "beef", "n"))
        #expect(read("\(Self.sha256)  n", syntax) == line([.blake3(keyed)], Self.sha256, "n"))
    }

    @Test func digestsOfPartsHaveANumberOfParts() {
        for bad in ["", "-", "-0", "-03", "-10001", "--3", "-3 ", "-x", "-3-3"] {
            #expect(read("S3-ETAG:5 (n) = \(Self.md5)\(bad)") == .malformed, "\(bad)")
        }
        #expect(read("S3-CRC32C:5 (n) = /+aZ0Q==-2") == line([.s3CRC32C(partBytes: 5)], "/+aZ0Q==-2", "n"))
        for bad in ["/+aZ0Q-2", "/+aZ0Q==", "/+aZ0Q=x-2", "/+aZ0_==-2", "/+aZ0QQQ-2", "/+aZ0Q====-2"] {
            #expect(read("S3-CRC32C:5 (n) = \(bad)") == .malformed, "\(bad)")
        }
    }

    @Test func oneOrTwoBlanksAsInTheFirstLineOfTheRun() {
        let one = "\(Self.md5) n", two = "\(Self.md5)  n"
        #expect(read(one) == line([.md5], Self.md5, "n"))
        #expect(read(one, after: [two]) == .malformed)
        #expect(read(two, after: [one]) == line([.md5], Self.md5, " n"))
        // A line that is malformed or tagged decides nothing about this.
        #expect(read(one, after: ["# \(two)", "MD5 (n) = \(Self.md5)", "\(Self.md5)0  n"]) == read(one))
        // A line whose name has invalid escapes does.
        #expect(read(two, after: ["\\\(Self.md5) a\\q"]) == line([.md5], Self.md5, " n"))
    }

    @Test func nothingIsEscapedWhereLinesEndWithNull() {
        let null = ChecksumSyntax(endsWithNull: true)
        #expect(read("\(Self.md5)  a\\n\r", null) == line([.md5], Self.md5, "a\\n\r"))
        #expect(read("\\\(Self.md5)  a", null) == .malformed)
        #expect(read("MD5 (a\nb) = \(Self.md5)", null) == line([.md5], Self.md5, "a\nb"))
        #expect(read("# n", null) == .ignored)
        #expect(read("", null) == .ignored)
        #expect(read("\r", null) == .malformed)
    }

    @Test func nameEndsAtANull() {
        let cut = ChecksumLine(candidates: [.md5], digest: Self.md5, name: "a", hasMore: true)
        #expect(read("\(Self.md5)  a\0b") == .line(cut))
        #expect(read("MD5 (a\0b) = \(Self.md5)") == .line(cut))
        #expect(read("\\\(Self.md5)  a\0b") == .malformed)
    }

    @Test func backslashesUnderAccentsAreEscaped() {
        #expect(DigestLine.escaped("a\\\u{301}\r\n\u{301}") == "a\\\\\u{301}\\r\\n\u{301}")
        #expect(DigestLine(.md5, "00", "\\\u{301}").text(.plain) == "\\00  \\\\\u{301}\n")
    }
}
