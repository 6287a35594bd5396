import TestSupport
import Testing

@testable import Ground
@testable import Operations

/// The journal of an unfinished target, as bytes.
@Suite struct ResumeJournalTests {
    private let identity = ResumeIdentity(
        inputBytes: 10_000_001, modifiedSeconds: -1, modifiedNanoseconds: 999_999_999, level: -7, longWindowLog: 27,
        chunkBytes: 1 << 20, hasChecksums: true, libzstdVersion: 10_504, compressorRevision: 1,
        parametersChecksum: 5)

    private let frames = (1...5).map { index in
        KeptFrame(
            compressedBytes: UInt32(index) << 24, contentChecksum: 0xFFFF_FFFF, frameChecksum: UInt32(index),
            chunkChecksum: 0)
    }

    /// The bytes of a journal with these frames.
    private func bytes(_ identity: ResumeIdentity, _ frames: [KeptFrame]) -> [UInt8] {
        var journal = ResumeJournal(identity)
        var bytes = identity.serialized()
        for frame in frames {
            bytes += journal.append(frame)
        }
        #expect(UInt64(bytes.count) == journal.byteCount)
        return bytes
    }

    /// What is kept of a file: its identity and frames; nil if it has no valid header.
    private func read(_ bytes: [UInt8]) -> ResumeJournal? {
        bytes.withUnsafeBytes { bytes in
            guard case .identity(let identity) = ResumeIdentity.parse(bytes) else { return nil }
            var journal = ResumeJournal(identity)
            _ = journal.take(bytes.bytes(in: ResumeIdentity.byteCount..<bytes.count))
            return journal
        }
    }

    private func parse(_ bytes: [UInt8]) -> ResumeIdentity.Parsed {
        bytes.withUnsafeBytes { ResumeIdentity.parse($0) }
    }

    /// The bytes of a header with one changed, and its checksum corrected.
    private func changed(at offset: Int, to value: UInt8) -> [UInt8] {
        var bytes = Array(identity.serialized().dropLast(4))
        bytes[offset] = value
        bytes.appendCRC32C()
        return bytes
    }

    @Test func aJournalComesBackAsItWas() throws {
        let bytes = bytes(identity, frames)
        #expect(bytes.count == 64 + 5 * 20)
        let journal = try #require(read(bytes))
        #expect(journal.identity == identity)
        #expect(journal.frames == frames)
        #expect(journal.byteCount == UInt64(bytes.count))
        #expect(journal.partialBytes == 15 << 24)
    }

    /// The page describes the layout; this test has the same offsets as numbers.
    @Test func theFieldsAreWhereThePageHasThem() {
        let bytes = bytes(
            identity, [KeptFrame(compressedBytes: 1, contentChecksum: 2, frameChecksum: 3, chunkChecksum: 4)])
        #expect(Array(bytes[..<12]) == Array("poolmapJ".utf8) + [1, 1, 0, 0])
        bytes.withUnsafeBytes { bytes in
            #expect(bytes.littleEndian(Int32.self, at: 12) == -7)
            #expect(bytes.littleEndian(UInt32.self, at: 16) == 27)
            #expect(bytes.littleEndian(UInt32.self, at: 20) == 1 << 20)
            #expect(bytes.littleEndian(UInt32.self, at: 24) == 10_504)
            #expect(bytes.littleEndian(UInt32.self, at: 28) == 1)
            #expect(bytes.littleEndian(UInt64.self, at: 32) == 10_000_001)
            #expect(bytes.littleEndian(Int64.self, at: 40) == -1)
            #expect(bytes.littleEndian(UInt32.self, at: 48) == 999_999_999)
            #expect(bytes.littleEndian(UInt32.self, at: 52) == 5)
            #expect(bytes.littleEndian(UInt32.self, at: 56) == 0)
            let header = CRC32C.checksum(of: bytes.bytes(in: 0..<60))
            #expect(bytes.littleEndian(UInt32.self, at: 60) == header)
            for field in 0..<4 {
                #expect(bytes.littleEndian(UInt32.self, at: 64 + 4 * field) == UInt32(field) + 1)
            }
            let record = CRC32C.checksum(of: bytes.bytes(in: 64..<80), continuing: header)
            #expect(bytes.littleEndian(UInt32.self, at: 80) == record)
        }
    }

    @Test func aCutJournalHasTheWholeRecordsBeforeTheCut() {
        let bytes = bytes(identity, frames)
        for length in 0..<bytes.count {
            let journal = read(Array(bytes[..<length]))
            if length < 64 {
                #expect(journal == nil)
                #expect(parse(Array(bytes[..<length])) == .none, "\(length) bytes")
            } else {
                #expect(journal?.frames == Array(frames[..<((length - 64) / 20)]), "\(length) bytes")
            }
        }
    }

    @Test func aFlippedBitEndsTheJournalBeforeIt() {
        let bytes = bytes(identity, frames)
        for bit in 0..<8 * bytes.count {
            let journal = read(flip(bit: bit, of: bytes))
            if bit < 8 * 64 {
                #expect(journal == nil, "bit \(bit)")
            } else {
                #expect(journal?.frames == Array(frames[..<((bit / 8 - 64) / 20)]), "bit \(bit)")
            }
        }
    }

    @Test func aRecordCountsOnlyAtItsPlace() {
        let bytes = bytes(identity, frames)
        let (header, records) = (Array(bytes[..<64]), (0..<5).map { Array(bytes[64 + 20 * $0..<84 + 20 * $0]) })
        #expect(read(header + records[1])?.frames == [])
        #expect(read(header + records[0] + records[0])?.frames == [frames[0]])
        #expect(read(header + records[0] + records[2] + records[1])?.frames == [frames[0]])
        // Equal frames have different records.
        let twice = self.bytes(identity, [frames[0], frames[0]])
        #expect(twice[64..<84] != twice[84..<104])
        // Records of another run.
        var other = identity
        other.modifiedNanoseconds = 0
        #expect(read(other.serialized() + records[0])?.frames == [])
    }

    @Test func thereAreNoMoreRecordsThanChunks() throws {
        let frame = frames[0]
        for (inputBytes, chunks) in [(0, 0), (1, 1), (1 << 20, 1), (1 << 20 + 1, 2), (10_000_001, 10)]
            as [(UInt64, Int)]
        {
            var identity = identity
            identity.inputBytes = inputBytes
            let journal = try #require(read(bytes(identity, Array(repeating: frame, count: chunks + 1))))
            #expect(journal.frames.count == chunks)
            #expect(journal.isComplete == (chunks > 0))
        }
        let empty = KeptFrame(compressedBytes: 0, contentChecksum: 1, frameChecksum: 1, chunkChecksum: 1)
        #expect(read(bytes(identity, [frame, empty, frame]))?.frames == [frame])
    }

    @Test func droppedFramesCanBeWrittenAgain() throws {
        let whole = bytes(identity, frames)
        for count in 0...5 {
            var journal = try #require(read(whole))
            journal.keep(first: count)
            #expect(journal.frames == Array(frames[..<count]))
            var bytes = Array(whole[..<Int(journal.byteCount)])
            for frame in frames[count...] {
                bytes += journal.append(frame)
            }
            #expect(bytes == whole)
        }
    }

    @Test func otherFilesAreNotJournals() {
        #expect(parse(Array("my notes".utf8)) == .foreign)
        #expect(parse([0]) == .foreign)
        #expect(parse(FormatFixture.poolmap) == .foreign)
        #expect(parse([]) == .none)
    }

    @Test func aHeaderWithTheRightChecksumMayStillBeInvalid() {
        #expect(parse(changed(at: 8, to: 2)) == .otherVersion(2))
        #expect(parse(changed(at: 9, to: 4)) == .damaged)
        for reserved in [10, 11] {
            #expect(parse(changed(at: reserved, to: 1)) == .damaged)
        }
        #expect(parse(changed(at: 22, to: 0)) == .damaged, "no chunk size")
        #expect(parse(changed(at: 23, to: 0x41)) == .damaged, "a chunk of more than 1 GiB")
    }

    @Test func randomBytesAfterAJournalAreNotRecords() {
        var random = SeededGenerator(for: "randomBytesAfterAJournalAreNotRecords")
        let bytes = bytes(identity, frames)
        for _ in 0..<200 {
            #expect(read(bytes + random.bytes(Int.random(in: 1...100, using: &random)))?.frames == frames)
        }
    }

    @Test func eachDifferenceOfTheIdentityIsReported() {
        #expect(identity.difference(from: identity) == nil)
        let changes: [(inout ResumeIdentity) -> Void] = [
            { $0.inputBytes += 1 }, { $0.modifiedSeconds += 1 }, { $0.modifiedNanoseconds -= 1 }, { $0.level = 3 },
            { $0.longWindowLog = 0 }, { $0.longWindowLog = 10 }, { $0.chunkBytes += 1 }, { $0.hasChecksums = false },
            { $0.libzstdVersion += 1 }, { $0.compressorRevision += 1 }, { $0.parametersChecksum += 1 },
        ]
        for (index, change) in changes.enumerated() {
            var other = identity
            change(&other)
            #expect(identity.difference(from: other) != nil, "change \(index)")
            #expect(other.difference(from: identity) != nil, "change \(index)")
        }
    }
}
