import TestSupport
import Testing

@testable import SeekableZstd

/// The rules for complete files, as writer and auditor enforce them.
@Suite struct FormatSectionTests {
    private let ten = [UInt8](0..<10)

    private func section(
        _ sizes: [Int], hasChecksums: Bool = true, mark: SectionMark = .equalChunks
    ) throws -> [UInt8] {
        try HandMade.section(
            hasChecksums: hasChecksums, contents: sizes.map { [UInt8](repeating: 7, count: $0) }, mark: mark)
    }

    private func auditError(_ file: [UInt8]) -> FormatError? {
        formatError { try auditFile(file) }
    }

    /// The parts of a section with two data frames, one of them full, to be put together wrongly.
    private struct Parts {
        let frames: [[UInt8]]
        let sectionTable: [UInt8]
        let seekTable: [UInt8]

        init(hasChecksums: Bool = true) throws {
            var writer = SectionWriter()
            let plain = [10, 4].map { HandMade.dataFrame([UInt8](repeating: 1, count: $0), hasChecksum: hasChecksums) }
            frames = [HandMade.marked(plain[0]), plain[1]]
            for frame in frames {
                try writer.add(HandMade.describe(frame))
            }
            let tables = writer.finish()
            let sectionTableBytes = SectionTable.byteCount(frameCount: 2, hasChecksums: hasChecksums)
            sectionTable = Array(tables[..<sectionTableBytes])
            seekTable = Array(tables[sectionTableBytes...])
        }

        var whole: [UInt8] { frames[0] + frames[1] + sectionTable + seekTable }
    }

    @Test(arguments: [[1], [10], [10, 1], [10, 10], [10, 10, 10, 3]], [true, false])
    func whatTheWriterMakesTheAuditorAccepts(sizes: [Int], hasChecksums: Bool) throws {
        let file = try section(sizes, hasChecksums: hasChecksums)
        let frames = try auditFile(file)
        #expect(frames.count == sizes.count + 2)
        #expect(frames.reduce(0) { $0 + $1.contentBound } == UInt64(sizes.reduce(0, +)))
    }

    @Test(arguments: [FormatFixture.poolmap, FormatFixture.poolmapWithoutChecksums])
    func filesPutTogetherByTheDocumentAreAccepted(file: [UInt8]) throws {
        let frames = try auditFile(file)
        #expect(frames.first?.mark == .equalChunks)
        #expect(frames.last?.kind == .skippable(SkippableFrame.seekTableNibble))
    }

    @Test func theWriterMakesTheBytesOfTheDocument() throws {
        for file in [FormatFixture.poolmap, FormatFixture.poolmapWithoutChecksums] {
            var writer = SectionWriter()
            var position = 0
            for info in try auditFile(file) where info.kind == .zstandard {
                try writer.add(HandMade.describe(Array(file[position..<position + Int(info.compressedBytes)])))
                position += Int(info.compressedBytes)
            }
            #expect(writer.compressedBytes == UInt64(position))
            #expect(writer.finish() == Array(file[position...]))
        }
    }

    @Test func theSeekTableLeadsFromTheEndOfTheFileToItsSection() throws {
        let file = try section([10, 10, 3])
        let length = try #require(
            file.suffix(SeekTable.footerBytes).withUnsafeBytes {
                SeekTable.frameBytes(footer: $0, fileBytes: UInt64(file.count))
            })
        let table = try file.suffix(length).withUnsafeBytes { try SeekTable.parse($0) }
        #expect(table.totals.compressedBytes == UInt64(file.count - length))
        #expect(table.totals.contentBytes == 23)
        #expect(table.rows.map(\.contentBytes) == [10, 10, 3, 0])
    }

    // MARK: Files of several parts

    @Test func sectionsAndForeignFramesMayFollowEachOther() throws {
        let foreign = HandMade.dataFrame([1, 2, 3], hasChecksum: false)
        let foreignTable = SeekTable(
            rows: [SeekTable.Row(compressedBytes: UInt32(foreign.count), contentBytes: 3)], hasChecksums: false)
        try auditFile(
            foreign + foreignTable.serialized() + section([10, 2]) + HandMade.skippable(0, [1, 2, 3, 4])
                + HandMade.skippable(SkippableFrame.sectionNibble, Array("something else, and longer".utf8))
                + HandMade.skippable(SkippableFrame.seekTableNibble, [1])
                + section([4, 9, 1], hasChecksums: false, mark: .anyChunks)
                + FormatFixture.pzstd + FormatFixture.poolmap)
    }

    @Test func aFileWithoutAFrameIsEmpty() {
        #expect(auditError([]) == .empty)
    }

    @Test func theAuditorKnowsWhereASectionEnds() throws {
        let parts = try Parts()
        var auditor = SectionAuditor(at: 1000)
        func add(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try auditor.add(skippable: $0) } }
        #expect(!auditor.isInSection)
        for frame in parts.frames {
            try auditor.add(HandMade.describe(frame))
            #expect(auditor.isInSection)
        }
        try add(parts.sectionTable)
        #expect(auditor.isInSection)
        #expect(formatError { try auditor.finish() } == .truncatedSection(at: 1000))
        try add(parts.seekTable)
        #expect(!auditor.isInSection)
        #expect(auditor.offset == UInt64(1000 + parts.whole.count))
        try auditor.finish()
    }

    @Test func noLengthMakesTheAuditorWantMoreThanTheFramesWarrant() throws {
        let parts = try Parts()
        var auditor = SectionAuditor()
        func wanted(_ nibble: UInt8) -> Int { auditor.bytesWanted(ofSkippable: nibble, frameBytes: 0x1_0000_0007) }
        #expect((0...15).map(wanted) == [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 24, 8, 24, 8])
        for frame in parts.frames { try auditor.add(HandMade.describe(frame)) }
        #expect((0...15).map(wanted).max() == 17 + 2 * 12)
        #expect(auditor.bytesWanted(ofSkippable: 14, frameBytes: 20) == 20)
    }

    // MARK: Wrong order

    @Test func aSectionWithoutItsSeekTableIsTruncated() throws {
        let parts = try Parts()
        let cut = parts.frames[0] + parts.frames[1] + parts.sectionTable
        #expect(auditError(cut) == .truncatedSection(at: 0))
        #expect(auditError(parts.frames[0]) == .truncatedSection(at: 0))
        let frames = parts.frames[0] + parts.frames[1]
        #expect(auditError(frames + parts.whole) == .unfinishedSection(at: 0, next: UInt64(frames.count)))
    }

    @Test func aLostFirstFrameIsNoticed() throws {
        for hasChecksums in [true, false] {
            let parts = try Parts(hasChecksums: hasChecksums)
            let rest = Array(parts.whole[parts.frames[0].count...])
            #expect(auditError(rest) == .firstFrameMissing(before: .sectionTable, at: UInt64(parts.frames[1].count)))
            #expect(auditError(parts.seekTable) == .firstFrameMissing(before: .seekTable, at: 0))
            let twice = parts.whole + parts.seekTable
            #expect(auditError(twice) == .firstFrameMissing(before: .seekTable, at: UInt64(parts.whole.count)))
        }
    }

    @Test func partsOutOfPlaceAreRefused() throws {
        let parts = try Parts()
        let frames = parts.frames
        let full = frames[0] + frames[1]
        #expect(auditError(full + parts.seekTable) == .misplaced(.seekTable, at: UInt64(full.count)))
        let table = full + parts.sectionTable
        #expect(auditError(table + parts.sectionTable) == .misplaced(.sectionTable, at: UInt64(table.count)))
        #expect(auditError(table + frames[1]) == .misplaced(.sectionTable, at: UInt64(full.count)))
        #expect(auditError(full + HandMade.skippable(0, [1])) == .foreignFrame(at: UInt64(full.count)))
        let plain = try Parts(hasChecksums: false)
        let frameBytes = plain.frames[0] + plain.frames[1]
        #expect(
            auditError(frameBytes + parts.sectionTable)
                == .damaged(.sectionTable, at: UInt64(frameBytes.count), .length))
    }

    @Test func aSectionTableOfOtherFlagsIsRefused() throws {
        let contents = [10, 10].map { [UInt8](repeating: 7, count: $0) }
        let equal = try HandMade.section(hasChecksums: true, contents: contents)
        let any = try HandMade.section(hasChecksums: true, contents: contents, mark: .anyChunks)
        let tables =
            SectionTable.byteCount(frameCount: 2, hasChecksums: true)
            + SeekTable.byteCount(rowCount: 3, hasChecksums: true)
        let offset = equal.count - tables
        #expect(
            auditError(equal[..<offset] + any.suffix(tables))
                == .damaged(.sectionTable, at: UInt64(offset), .flags))
    }

    @Test func framesSwappedRepeatedOrLeftOutAreRefused() throws {
        let file = try section([10, 10, 10])
        let length = HandMade.dataFrame(ten, hasChecksum: true).count
        let first = length + SectionMark.equalChunks.byteCount
        let other = HandMade.dataFrame([UInt8](repeating: 8, count: 10), hasChecksum: true)
        var swapped = file
        swapped.replaceSubrange(first..<first + length, with: other)
        #expect(auditError(swapped) == .corruptFrame(at: UInt64(first)))
        var repeated = file
        repeated.insert(contentsOf: file[first..<first + length], at: first)
        #expect(auditError(repeated) == .sectionTableMismatch(table: 3, frames: 4))
        var leftOut = file
        leftOut.removeSubrange(first..<first + length)
        #expect(auditError(leftOut) != nil)
        let parts = try Parts(hasChecksums: false)
        let rows = SeekTable(rows: [], hasChecksums: false)
        let frames = parts.frames[0] + parts.frames[1]
        #expect(
            auditError(parts.frames[0] + parts.sectionTable) == .sectionTableMismatch(table: 2, frames: 1))
        #expect(
            auditError(frames + parts.sectionTable + rows.serialized()) == .seekTableLength(rows: 0, frames: 3))
    }

    @Test func aSeekTableWithAnotherRowIsRefused() throws {
        let parts = try Parts()
        let before = parts.frames[0] + parts.frames[1] + parts.sectionTable
        let table = try parts.seekTable.withUnsafeBytes { try SeekTable.parse($0) }
        for index in table.rows.indices {
            let row = table.rows[index]
            let changes: [(FormatError.Field, UInt32, WritableKeyPath<SeekTable.Row, UInt32>)] = [
                (.compressedBytes, row.compressedBytes, \.compressedBytes),
                (.contentBytes, row.contentBytes, \.contentBytes), (.checksum, row.checksum, \.checksum),
            ]
            for (field, value, path) in changes {
                var changed = table
                changed.rows[index][keyPath: path] = value ^ 1
                #expect(
                    auditError(before + changed.serialized())
                        == .seekTableMismatch(row: index, field, table: value ^ 1, frame: value))
            }
        }
    }
}
