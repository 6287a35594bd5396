import TestSupport
import Testing

@testable import SeekableZstd

/// Complete files with a fault, read from the beginning.
@Suite struct FormatDamageTests {
    private func twoSections() throws -> [UInt8] {
        try FormatFixture.poolmap
            + HandMade.section(hasChecksums: true, contents: [[1, 2, 3], [4, 5, 6], [7]])
    }

    @Test func everyFlippedBitOfAFileIsRefused() throws {
        let file = try twoSections()
        for bit in 0..<8 * file.count {
            #expect(throws: FormatError.self, "bit \(bit)") { try auditFile(flip(bit: bit, of: file)) }
        }
    }

    @Test func withoutChecksumsEveryFlippedBitOutsideTheDataFramesIsRefused() throws {
        let file = FormatFixture.poolmapWithoutChecksums
        let tableBytes =
            SeekTable.byteCount(rowCount: 3, hasChecksums: false)
            + SectionTable.byteCount(frameCount: 2, hasChecksums: false)
        let mark = 8 * 6..<8 * 12
        for bit in 0..<8 * file.count where mark.contains(bit) || bit >= 8 * (file.count - tableBytes) {
            #expect(throws: FormatError.self, "bit \(bit)") { try auditFile(flip(bit: bit, of: file)) }
        }
    }

    @Test func aFileCutAtAnyByteIsRefused() throws {
        let file = try twoSections()
        for length in 0..<file.count where length != FormatFixture.poolmap.count {
            #expect(throws: FormatError.self, "\(length) bytes") { try auditFile(Array(file[..<length])) }
        }
        for length in 0..<FormatFixture.poolmapWithoutChecksums.count {
            #expect(throws: FormatError.self, "\(length) bytes") {
                try auditFile(Array(FormatFixture.poolmapWithoutChecksums[..<length]))
            }
        }
    }

    @Test func aFileCutInsideAFrameNamesTheFrame() {
        let file = FormatFixture.poolmap
        #expect(formatError { try auditFile(Array(file[..<80])) } == .truncatedFrame(at: 73))
        #expect(formatError { try auditFile(Array(file[..<73])) } == .truncatedSection(at: 0))
    }

    @Test func bytesAfterAFileAreRefused() {
        let file = FormatFixture.poolmap
        let end = UInt64(file.count)
        #expect(formatError { try auditFile(file + [0]) } == .notAFrame(at: end))
        #expect(formatError { try auditFile(file + Array("trailing".utf8)) } == .notAFrame(at: end))
        #expect(formatError { try auditFile(file + file[..<3]) } == .truncatedFrame(at: end))
    }

    @Test func tablesThatClaimAHugeLengthAreRefused() throws {
        // The auditor sees only the frame's length, so each can be tried without its 4 GiB.
        var bytes: [UInt8] = [0x5C, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF]
        bytes += Array("poolmapT".utf8) + [UInt8](repeating: 0, count: 100)
        var outside = SectionAuditor()
        #expect(formatError { try bytes.withUnsafeBytes { try outside.add(skippable: $0) } } != nil)
        var within = try openSection()
        #expect(formatError { try bytes.withUnsafeBytes { try within.add(skippable: $0) } } != nil)
        let table: [UInt8] = [0x5E, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 100)
        var inside = try openSection()
        #expect(formatError { try table.withUnsafeBytes { try inside.add(skippable: $0) } } != nil)
    }

    private func openSection() throws -> SectionAuditor {
        var auditor = SectionAuditor()
        try auditor.add(HandMade.describe(HandMade.marked(HandMade.dataFrame([1], hasChecksum: true))))
        return auditor
    }

    @Test func changedFilesNeverTrapTheReader() throws {
        var generator = SeededGenerator(for: "changedFilesNeverTrapTheReader")
        let file = try twoSections()
        var refused = 0
        for _ in 0..<3000 {
            var changed = file
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                let start = Int.random(in: 0..<changed.count, using: &generator)
                let end = min(changed.count, start + Int.random(in: 0...9, using: &generator))
                changed.replaceSubrange(
                    start..<end, with: generator.bytes(Int.random(in: 0...9, using: &generator)))
            }
            if formatError({ try auditFile(changed) }) != nil {
                refused += 1
            } else {
                #expect(changed == file || changed == FormatFixture.poolmap)
            }
        }
        #expect(refused > 2900)
    }

    @Test func everyErrorHasADistinctText() {
        let errors: [FormatError] = [
            .empty, .truncatedFrame(at: 1), .truncatedSection(at: 1), .unfinishedSection(at: 1, next: 2),
            .notAFrame(at: 1), .oldFormat(at: 1, minorVersion: 7), .reservedBit(at: 1), .reservedBlockType(at: 1),
            .blockTooLarge(at: 1, bytes: 3, limit: 2), .damaged(.sectionTable, at: 1, .magic),
            .damaged(.seekTable, at: 1, .length), .unsupportedVersion(at: 1, version: 2),
            .firstFrameMissing(before: .seekTable, at: 1), .misplaced(.sectionTable, at: 1), .foreignFrame(at: 1),
            .tooManyFrames(limit: 1), .frameTooLarge(at: 1, compressedBytes: 2),
            .wrongContentSize(at: 1, found: 2, chunkBytes: 3), .wrongContent(at: 1, found: 2),
            .contentChecksumMissing(at: 1),
            .contentChecksumUnexpected(at: 1), .corruptFrame(at: 1), .sectionTableMismatch(table: 1, frames: 2),
            .seekTableLength(rows: 1, frames: 2), .seekTableMismatch(row: 3, .checksum, table: 1, frame: 2),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect("\(FormatError.notAFrame(at: 123))" == "not a Zstandard frame at byte 123")
        #expect(
            "\(FormatError.seekTableMismatch(row: 3, .contentBytes, table: 1, frame: 2))"
                == "the seek table does not match the frames: row 3 says 1 bytes of content, but the frame has 2")
    }
}
