import Testing

@testable import PoolmapCore

/// The rules for whole files, as writer and auditor keep them.
@Suite struct FormatSectionTests {
    private let ten = [UInt8](0..<10)

    private func section(_ sizes: [Int], hasChecksums: Bool = true, chunkBytes: UInt32 = 10) throws -> [UInt8] {
        try HandMade.section(
            chunkBytes: chunkBytes, hasChecksums: hasChecksums,
            contents: sizes.map { [UInt8](repeating: 7, count: $0) })
    }

    private func auditError(_ file: [UInt8]) -> FormatError? {
        formatError { try auditFile(file) }
    }

    /// The parts of a section with two data frames, one of them full: for putting them together wrongly.
    private struct Parts {
        let header: [UInt8]
        let frames: [[UInt8]]
        let sectionTable: [UInt8]
        let seekTable: [UInt8]

        init(hasChecksums: Bool = true) throws {
            var writer = SectionWriter(chunkBytes: 10, hasChecksums: hasChecksums)
            header = writer.header
            frames = [10, 4].map { HandMade.dataFrame([UInt8](repeating: 1, count: $0), hasChecksum: hasChecksums) }
            for frame in frames {
                try writer.add(HandMade.describe(frame))
            }
            let tables = writer.finish()
            let sectionTableBytes = hasChecksums ? SectionTable.byteCount(frameCount: 2) : 0
            sectionTable = Array(tables[..<sectionTableBytes])
            seekTable = Array(tables[sectionTableBytes...])
        }

        var whole: [UInt8] { header + frames[0] + frames[1] + sectionTable + seekTable }
    }

    @Test(arguments: [[0], [1], [9], [10], [10, 1], [10, 10], [10, 10, 10, 3]], [true, false])
    func whatTheWriterMakesTheAuditorAccepts(sizes: [Int], hasChecksums: Bool) throws {
        let file = try section(sizes, hasChecksums: hasChecksums)
        let frames = try auditFile(file)
        #expect(frames.count == sizes.count + (hasChecksums ? 3 : 2))
        #expect(frames.reduce(0) { $0 + $1.contentBound } == UInt64(sizes.reduce(0, +)))
    }

    @Test(arguments: [FormatFixture.poolmap, FormatFixture.poolmapWithoutChecksums])
    func filesPutTogetherByTheDocumentAreAccepted(file: [UInt8]) throws {
        let frames = try auditFile(file)
        #expect(frames.first?.compressedBytes == UInt64(FileHeader.byteCount))
        #expect(frames.last?.kind == .skippable(SkippableFrame.seekTableNibble))
    }

    @Test func theWriterMakesTheBytesOfTheDocument() throws {
        for file in [FormatFixture.poolmap, FormatFixture.poolmapWithoutChecksums] {
            let header = try file[..<44].withUnsafeBytes { try FileHeader.parse($0) }
            var writer = SectionWriter(header: header)
            var position = FileHeader.byteCount
            for info in try auditFile(file) where info.kind == .zstandard {
                try writer.add(HandMade.describe(Array(file[position..<position + Int(info.compressedBytes)])))
                position += Int(info.compressedBytes)
            }
            #expect(writer.header == Array(file[..<44]))
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
        #expect(table.rows.map(\.contentBytes) == [0, 10, 10, 3, 0])
    }

    // MARK: Files of several parts

    @Test func sectionsAndForeignFramesMayFollowEachOther() throws {
        let foreign = HandMade.dataFrame([1, 2, 3], hasChecksum: false)
        let foreignTable = SeekTable(
            rows: [SeekTable.Row(compressedBytes: UInt32(foreign.count), contentBytes: 3)], hasChecksums: false)
        try auditFile(
            foreign + foreignTable.serialized() + section([10, 2]) + HandMade.skippable(0, [1, 2, 3, 4])
                + HandMade.skippable(SkippableFrame.sectionNibble, Array("something else, and longer".utf8))
                + HandMade.skippable(SkippableFrame.seekTableNibble, [1]) + section([0], hasChecksums: false)
                + FormatFixture.pzstd + FormatFixture.poolmap)
    }

    @Test func aFileWithoutAFrameIsEmpty() {
        #expect(auditError([]) == .empty)
    }

    @Test func theHeaderIsKnownInsideASectionOnly() throws {
        let parts = try Parts()
        var auditor = SectionAuditor(at: 1000)
        func add(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try auditor.add(skippable: $0) } }
        #expect(auditor.header == nil)
        try add(parts.header)
        #expect(auditor.header == FileHeader(chunkBytes: 10, hasChecksums: true))
        for frame in parts.frames { try auditor.add(HandMade.describe(frame)) }
        try add(parts.sectionTable)
        #expect(auditor.header != nil)
        #expect(formatError { try auditor.finish() } == .truncatedSection(at: 1000))
        try add(parts.seekTable)
        #expect(auditor.header == nil)
        #expect(auditor.offset == UInt64(1000 + parts.whole.count))
        try auditor.finish()
    }

    @Test func noLengthMakesTheAuditorWantMoreThanTheFramesWarrant() throws {
        let parts = try Parts()
        var auditor = SectionAuditor()
        func wanted(_ nibble: UInt8) -> Int { auditor.bytesWanted(ofSkippable: nibble, frameBytes: 0x1_0000_0007) }
        #expect((0...15).map(wanted) == [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 44, 8, 44, 8])
        try parts.header.withUnsafeBytes { try auditor.add(skippable: $0) }
        for frame in parts.frames { try auditor.add(HandMade.describe(frame)) }
        #expect((0...15).map(wanted).max() == 17 + 3 * 12)
        #expect(auditor.bytesWanted(ofSkippable: 14, frameBytes: 20) == 20)
    }

    // MARK: Wrong order

    @Test func aSectionWithoutItsSeekTableIsTruncated() throws {
        let parts = try Parts()
        let cut = parts.header + parts.frames[0] + parts.frames[1] + parts.sectionTable
        #expect(auditError(cut) == .truncatedSection(at: 0))
        #expect(auditError(cut + parts.whole) == .unfinishedSection(at: 0, next: UInt64(cut.count)))
        #expect(auditError(parts.header) == .truncatedSection(at: 0))
    }

    @Test func aLostHeaderIsNoticed() throws {
        for hasChecksums in [true, false] {
            let parts = try Parts(hasChecksums: hasChecksums)
            let rest = Array(parts.whole[FileHeader.byteCount...])
            let part = hasChecksums ? FormatError.Part.sectionTable : .seekTable
            let offset = UInt64(parts.frames[0].count + parts.frames[1].count)
            #expect(auditError(rest) == .headerMissing(before: part, at: offset))
        }
    }

    @Test func partsOutOfPlaceAreRefused() throws {
        let parts = try Parts()
        let (header, frames) = (parts.header, parts.frames)
        let start = UInt64(header.count)
        #expect(auditError(header + parts.sectionTable) == .misplaced(.sectionTable, at: start))
        #expect(auditError(header + parts.seekTable) == .misplaced(.seekTable, at: start))
        let full = header + frames[0] + frames[1]
        #expect(auditError(full + parts.seekTable) == .misplaced(.seekTable, at: UInt64(full.count)))
        let table = full + parts.sectionTable
        #expect(auditError(table + parts.sectionTable) == .misplaced(.sectionTable, at: UInt64(table.count)))
        #expect(auditError(table + frames[1]) == .misplaced(.sectionTable, at: UInt64(full.count)))
        #expect(auditError(full + HandMade.skippable(0, [1])) == .foreignFrame(at: UInt64(full.count)))
        let plain = try Parts(hasChecksums: false)
        let frameBytes = plain.frames[0] + plain.frames[1]
        #expect(
            auditError(plain.header + frameBytes + parts.sectionTable)
                == .misplaced(.sectionTable, at: start + UInt64(frameBytes.count)))
    }

    @Test func framesSwappedRepeatedOrLeftOutAreRefused() throws {
        let file = try section([10, 10, 10])
        let length = HandMade.dataFrame(ten, hasChecksum: true).count
        let other = HandMade.dataFrame([UInt8](repeating: 8, count: 10), hasChecksum: true)
        var swapped = file
        swapped.replaceSubrange(44 + length..<44 + 2 * length, with: other)
        #expect(auditError(swapped) == .corruptFrame(at: UInt64(44 + length)))
        var repeated = file
        repeated.insert(contentsOf: file[44..<44 + length], at: 44)
        #expect(auditError(repeated) == .sectionTableMismatch(table: 3, frames: 4))
        var leftOut = file
        leftOut.removeSubrange(44..<44 + length)
        #expect(auditError(leftOut) != nil)
        let parts = try Parts(hasChecksums: false)
        let rows = SeekTable(rows: [], hasChecksums: false)
        #expect(
            auditError(parts.header + parts.frames[0] + parts.seekTable) == .seekTableLength(rows: 3, frames: 2))
        #expect(
            auditError(parts.header + parts.frames[0] + rows.serialized()) == .seekTableLength(rows: 0, frames: 2))
    }

    @Test func aSeekTableWithAnotherRowIsRefused() throws {
        let parts = try Parts()
        let before = parts.header + parts.frames[0] + parts.frames[1] + parts.sectionTable
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
