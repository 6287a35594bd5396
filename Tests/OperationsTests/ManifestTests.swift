import Glibc
import SystemPackage
import Testing

@testable import Digests
@testable import Ground
@testable import Operations

/// The text of manifests, written and read.
@Suite struct ManifestTests {
    /// The manifest of `seq 400000 | head -c 2500000`, computed with Python's zlib.
    private let example = """
        poolmap manifest 1
        algorithm crc32
        chunk-size 1048576
        file backup.tar
        0 1048576 ca44948b
        1048576 1048576 5bc0783a
        2097152 402848 90bc8d13
        size 2500000
        root 38b134ea
        end a1ce92ac

        """

    /// The sections read from a text; throws the error.
    private func read(_ text: [UInt8]) throws -> [ManifestSection] {
        let path = "/tmp/poolmap-manifest-tests-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let file = try openFile(path, O_CREAT | O_EXCL | O_RDWR, 0o600)
        defer { try? file.close() }
        unlink(path)
        try text.withUnsafeBytes { try file.writeAll($0, at: 0, to: path) }
        let reader = ManifestReader(ManifestLines(file, from: 0, to: UInt64(text.count)))
        var sections: [ManifestSection] = []
        while let section = try reader.next() {
            sections.append(section)
        }
        return sections
    }

    private func error(of text: [UInt8]) -> PoolmapError? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return error as? PoolmapError
        }
    }

    /// A section whose chunks have the chunk number, repeated, as digest.
    private func written(_ scheme: ManifestScheme, name: String, byteCount: UInt64, inPieces count: UInt64) throws
        -> [UInt8]
    {
        var text: [UInt8] = []
        let writer = ManifestWriter(scheme, name: name) { text += $0 }
        var place: UInt64 = 0
        var number: UInt8 = 0
        while place < byteCount {
            let piece = min(count * scheme.chunkBytes, byteCount - place)
            var digests: [UInt8] = []
            for _ in 0..<(piece + scheme.chunkBytes - 1) / scheme.chunkBytes {
                digests += [UInt8](repeating: number, count: scheme.digestBytes)
                number &+= 1
            }
            try writer.take(digests, byteCount: piece)
            place += piece
        }
        _ = try writer.finish(byteCount: byteCount)
        return text
    }

    @Test func theExampleOfThePageIsRead() throws {
        let section = try #require(try read(Array(example.utf8)).first)
        #expect(section.scheme == ManifestScheme(.crc32))
        #expect(section.name == "backup.tar")
        #expect(section.byteCount == 2_500_000)
        #expect(section.chunkCount == 3)
        #expect(section.chunkLines.offset == 70)
        #expect(section.chunkLines.number == 4)
        #expect(section.bytes(of: 1..<3) == 1_048_576..<2_500_000)
    }

    @Test func theExampleOfThePageIsWritten() throws {
        let scheme = try #require(ManifestScheme(.crc32))
        var text: [UInt8] = []
        let writer = ManifestWriter(scheme, name: "backup.tar") { text += $0 }
        try writer.take([0xca, 0x44, 0x94, 0x8b, 0x5b, 0xc0, 0x78, 0x3a], byteCount: 2 << 20)
        try writer.take([0x90, 0xbc, 0x8d, 0x13], byteCount: 402_848)
        let summary = try writer.finish(byteCount: 2_500_000)
        #expect(String(decoding: text, as: UTF8.self) == example)
        #expect(summary.digests == ["38b134ea"])
    }

    @Test(arguments: ManifestScheme.algorithmNames)
    func whatIsWrittenIsReadWhateverThePieces(_ name: HashAlgorithm.Name) throws {
        let scheme = try #require(ManifestScheme(name, chunkBytes: 1024))
        for byteCount: UInt64 in [0, 1, 1023, 1024, 1025, 100_000] {
            let text = try written(scheme, name: "a\\\n", byteCount: byteCount, inPieces: 7)
            #expect(try text == written(scheme, name: "a\\\n", byteCount: byteCount, inPieces: 1))
            let sections = try read(text + text)
            #expect(sections.map(\.byteCount) == [byteCount, byteCount])
            #expect(sections.map(\.name) == ["a\\\n", "a\\\n"])
            #expect(sections.map(\.scheme) == [scheme, scheme])
        }
    }

    /// The text is far longer than what is held back, and its lines are read in many parts.
    @Test func aLongSectionIsWrittenInPartsAndRead() throws {
        let scheme = try #require(ManifestScheme(.sha512, chunkBytes: 1024))
        let text = try written(scheme, name: "n", byteCount: 20_000 << 10, inPieces: 100)
        #expect(text.count > 2 << 20)
        #expect(try read(text).first?.chunkCount == 20_000)
    }

    @Test func eachFlippedBitAndEachCutIsNoticed() {
        let text = Array(example.utf8)
        for place in text.indices {
            for bit in 0..<8 {
                var damaged = text
                damaged[place] ^= 1 << UInt8(bit)
                #expect(error(of: damaged) != nil, "bit \(bit) of byte \(place)")
            }
            if place > 0 {
                #expect(error(of: Array(text[..<place]))?.code == .damaged, "cut after \(place) bytes")
            }
        }
    }

    @Test func damageIsReportedWithItsLine() {
        func message(_ old: String, _ new: String) -> String? {
            let parts = example.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
            return error(of: Array("\(parts[0])\(new)\(parts[1])".utf8))?.message
        }
        #expect(message("manifest 1", "manifest 2") == "line 1 says version 2, which this poolmap cannot read")
        #expect(message("crc32", "dropbox") == "line 2 has no valid algorithm")
        #expect(message("1048576", "1023") == "line 3 has no valid chunk size")
        #expect(message("backup", "back\\up") == "line 4 has no valid file name")
        #expect(
            message("1048576 1048576 5", "1048577 1048576 5")
                == "line 6 begins at 1048577, but the previous chunk ends at 1048576")
        #expect(message("402848", "1048577") == "line 7 has an invalid chunk length of 1048577 bytes")
        #expect(message("402848", "0") == "line 7 has an invalid chunk length of 0 bytes")
        #expect(message("0 1048576 ca", "0 1000 ca") == "line 6 begins at 1048576, but the previous chunk ends at 1000")
        #expect(message("8d13", "8D13") == "line 7 has no valid crc32 digest")
        #expect(message("size 2500000", "size 2500001") == "line 8 says 2500001 bytes, but the chunks have 2500000")
        #expect(message("38b134ea", "38b134eb") == "line 9 is not the digest of the chunks' digests, 38b134ea")
        #expect(message("a1ce92ac", "a1ce92ad") == "line 10 is not the digest of the lines before it, a1ce92ac")
        #expect(message("ac\n", "ac") == "line 10 is cut off: no line feed")
        #expect(message("end a1ce92ac\n", "") == "line 9 is the last one, but its section has no end")
    }

    @Test func numbersHaveNoOtherForms() {
        func number(_ text: String) -> UInt64? {
            Array(text.utf8).withUnsafeBytes { ManifestText.number($0) }
        }
        #expect(number("0") == 0)
        #expect(number("18446744073709551615") == .max)
        for text in [
            "", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "18446744073709551616", "99999999999999999999", "１",
        ] {
            #expect(number(text) == nil, "\(text)")
        }
    }

    @Test func namesComeBackWhateverIsInThem() {
        for bytes: [UInt8] in [
            [0x5c], [0x0a], [0x0d], [0x0d, 0x0a], [0x5c, 0x6e], [0x5c, 0xcc, 0x81], [0xff], [0x20], [0x5c, 0x0a, 0x80],
        ] {
            let escaped = ManifestText.escaped(FileName.text(of: bytes))
            #expect(!escaped.contains(0x0a) && !escaped.contains(0x0d))
            let name = escaped.withUnsafeBytes { ManifestText.name(ofEscaped: $0) }
            #expect(name.map { FileName.bytes(of: $0) } == bytes)
        }
        for text in ["", "\\", "a\\", "\\x", "\r", "\0", "\\\\\\"] {
            #expect(Array(text.utf8).withUnsafeBytes { ManifestText.name(ofEscaped: $0) } == nil, "\(text)")
        }
    }

    @Test func chunksOfARangeAreThoseThatHaveItsBytes() throws {
        let section = try #require(try read(Array(example.utf8)).first)
        func chunks(_ offset: UInt64, _ count: UInt64?) -> Range<UInt64>? {
            try? ManifestRange(offset: offset, byteCount: count).chunks(of: section)
        }
        #expect(chunks(0, nil) == 0..<3)
        #expect(chunks(0, 1) == 0..<1)
        #expect(chunks(1_048_575, 1) == 0..<1)
        #expect(chunks(1_048_575, 2) == 0..<2)
        #expect(chunks(1_048_576, 1_048_577) == 1..<3)
        #expect(chunks(2_499_999, nil) == 2..<3)
        #expect(chunks(2_499_999, 2) == nil)
        #expect(chunks(2_500_000, nil) == nil)
        #expect(chunks(.max, .max) == nil)
        #expect(chunks(0, 0) == nil)
    }

    @Test func schemesAreThoseOfTheFormat() {
        #expect(ManifestScheme(.blake3)?.chunkBytes == 1 << 20)
        #expect(ManifestScheme(.blake3)?.digestBytes == 32)
        #expect(ManifestScheme(.crc64nvme)?.digestBytes == 8)
        #expect(ManifestScheme(.dropbox) == nil)
        #expect(ManifestScheme(.s3ETag) == nil)
        #expect(ManifestScheme(.md5, chunkBytes: 1023) == nil)
        #expect(ManifestScheme(.md5, chunkBytes: 1 << 30) != nil)
        #expect(ManifestScheme(.md5, chunkBytes: (1 << 30) + 1) == nil)
    }
}
