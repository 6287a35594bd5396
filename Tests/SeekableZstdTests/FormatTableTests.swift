import TestSupport
import Testing

import Ground

@testable import SeekableZstd

/// The two tables, each by itself.
@Suite struct FormatTableTests {
    private func parseChecksums(_ bytes: [UInt8]) throws -> SectionTable {
        try bytes.withUnsafeBytes { try SectionTable.parse($0) }
    }

    private func parseSeekTable(_ bytes: [UInt8]) throws -> SeekTable {
        try bytes.withUnsafeBytes { try SeekTable.parse($0) }
    }

    private func checksumError(_ bytes: [UInt8]) -> FormatError? {
        formatError { _ = try parseChecksums(bytes) }
    }

    private func seekTableError(_ bytes: [UInt8]) -> FormatError? {
        formatError { _ = try parseSeekTable(bytes) }
    }

    /// The bytes with some of them changed, and the checksum at the end corrected.
    private func changed(_ bytes: [UInt8], at offset: Int, to values: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes.replaceSubrange(offset..<offset + values.count, with: values)
        bytes.removeLast(4)
        bytes.appendCRC32C()
        return bytes
    }

    private func table(
        of count: Int, hasChecksums: Bool = true, mark: SectionMark = .equalChunks
    ) throws -> SectionTable {
        func frame(_ index: Int) -> DataFrame {
            DataFrame(
                compressedBytes: 20, contentBytes: 5, contentChecksum: hasChecksums ? 1 : nil,
                crc32c: UInt32(truncatingIfNeeded: index &* 0x9E37_79B9), mark: index == 0 ? mark : nil)
        }
        var frames = try SectionFrames(opening: frame(0), at: 0)
        for index in 1..<count { try frames.add(frame(index), at: 0) }
        return frames.sectionTable
    }

    private let rows = [
        SeekTable.Row(compressedBytes: UInt32.max, contentBytes: 1 << 30, checksum: 7),
        SeekTable.Row(compressedBytes: 1, contentBytes: UInt32.max, checksum: UInt32.max),
        SeekTable.Row(compressedBytes: 36, contentBytes: 0, checksum: SeekTable.emptyChecksum),
    ]

    // MARK: Section table

    @Test(arguments: [1, 2, 1000], [true, false]) func aSectionTableComesBackAsItWas(
        count: Int, hasChecksums: Bool
    ) throws {
        for mark in [SectionMark.equalChunks, .anyChunks] {
            let table = try table(of: count, hasChecksums: hasChecksums, mark: mark)
            let bytes = table.serialized()
            #expect(bytes.count == SectionTable.byteCount(frameCount: count, hasChecksums: hasChecksums))
            #expect(try parseChecksums(bytes) == table)
            #expect(bytes.withUnsafeBytes { SectionTable.isSectionTable($0) })
        }
    }

    @Test(arguments: [true, false]) func everyFlippedBitOfASectionTableIsRefused(hasChecksums: Bool) throws {
        let bytes = try table(of: 3, hasChecksums: hasChecksums).serialized()
        for bit in 0..<8 * bytes.count {
            #expect(checksumError(flip(bit: bit, of: bytes)) != nil, "bit \(bit)")
        }
    }

    @Test func aSectionTableOfAnyOtherLengthIsRefused() throws {
        let bytes = try table(of: 3).serialized()
        for length in 0..<bytes.count {
            #expect(checksumError(Array(bytes[..<length])) != nil, "\(length) bytes")
        }
        #expect(checksumError(bytes + [0, 0, 0, 0]) == .damaged(.sectionTable, at: 0, .length))
    }

    @Test func aSectionTableWithWrongValuesIsRefused() throws {
        let bytes = try table(of: 3).serialized()
        let part = FormatError.Part.sectionTable
        #expect(checksumError(changed(bytes, at: 15, to: [0x48])) == .damaged(part, at: 0, .identifier))
        #expect(checksumError(changed(bytes, at: 16, to: [9])) == .unsupportedVersion(at: 0, version: 9))
        #expect(checksumError(changed(bytes, at: 17, to: [5])) == .damaged(part, at: 0, .reserved))
        for offset in 18...19 {
            #expect(checksumError(changed(bytes, at: offset, to: [1])) == .damaged(part, at: 0, .reserved))
        }
        // Without the flag there are no checksums.
        #expect(checksumError(changed(bytes, at: 17, to: [0])) == .damaged(part, at: 0, .rowCount))
        for count: [UInt8] in [[0, 0, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0], [255, 255, 255, 255], [3, 0, 0, 0x40]] {
            #expect(checksumError(changed(bytes, at: 20, to: count)) == .damaged(part, at: 0, .rowCount))
        }
    }

    // MARK: Seek table

    @Test(arguments: [0, 1, 3], [true, false]) func aSeekTableComesBackAsItWas(count: Int, hasChecksums: Bool) throws {
        var table = SeekTable(rows: Array(rows[..<count]), hasChecksums: hasChecksums)
        if !hasChecksums {
            for index in table.rows.indices { table.rows[index].checksum = 0 }
        }
        let bytes = table.serialized()
        #expect(bytes.count == SeekTable.byteCount(rowCount: count, hasChecksums: hasChecksums))
        #expect(try parseSeekTable(bytes) == table)
    }

    @Test func theTotalsDoNotOverflow() {
        let largest = SeekTable.Row(compressedBytes: UInt32.max, contentBytes: UInt32.max)
        let totals = SeekTable(rows: [largest, largest, largest], hasChecksums: false).totals
        #expect(totals == (3 * UInt64(UInt32.max), 3 * UInt64(UInt32.max)))
        // The property's documentation promises this for the largest table.
        #expect(!UInt64(UInt32.max).multipliedReportingOverflow(by: UInt64(SeekTable.maximumRows)).overflow)
    }

    @Test func aSeekTableOfAnyOtherLengthIsRefused() {
        let bytes = SeekTable(rows: rows, hasChecksums: true).serialized()
        for length in 0..<bytes.count {
            #expect(seekTableError(Array(bytes[..<length])) != nil, "\(length) bytes")
        }
        #expect(seekTableError(bytes + [0]) != nil)
    }

    @Test func everyFlippedBitAroundTheRowsIsRefused() {
        let bytes = SeekTable(rows: rows, hasChecksums: true).serialized()
        let rowBits = 64..<8 * (bytes.count - SeekTable.footerBytes)
        for bit in 0..<8 * bytes.count where !rowBits.contains(bit) {
            #expect(seekTableError(flip(bit: bit, of: bytes)) != nil, "bit \(bit)")
        }
    }

    @Test func hostileRowCountsAreRefused() {
        let bytes = SeekTable(rows: rows, hasChecksums: true).serialized()
        for count: UInt32 in [0, 2, 4, 0x800_0000, 0x800_0001, 0x1555_5556, UInt32.max] {
            var hostile = Array(bytes.dropLast(SeekTable.footerBytes))
            hostile.append(littleEndian: count)
            hostile += bytes.suffix(5)
            #expect(seekTableError(hostile) != nil, "\(count) rows")
        }
    }

    @Test func theFooterTellsTheLengthOfTheTable() {
        let bytes = SeekTable(rows: rows, hasChecksums: true).serialized()
        let footer = Array(bytes.suffix(SeekTable.footerBytes))
        func length(_ footer: [UInt8], in fileBytes: Int) -> Int? {
            footer.withUnsafeBytes { SeekTable.frameBytes(footer: $0, fileBytes: UInt64(fileBytes)) }
        }
        #expect(length(footer, in: bytes.count) == bytes.count)
        #expect(length(footer, in: 1 << 40) == bytes.count)
        #expect(length(footer, in: bytes.count - 1) == nil)
        // From bit 27 on the row count exceeds the limit; bit 39 is the checksum flag, whose other value is valid too.
        for bit in 27..<72 where bit != 39 {
            #expect(length(flip(bit: bit, of: footer), in: Int.max) == nil, "bit \(bit)")
        }
    }

    @Test func onlyATableThatEndsWithASectionTableLooksLikeOurs() {
        for (hasChecksums, bytes) in [(true, 36), (false, 28)] as [(Bool, UInt32)] {
            var table = SeekTable(rows: rows, hasChecksums: hasChecksums)
            table.rows[2] = SeekTable.Row(
                compressedBytes: bytes, contentBytes: 0, checksum: hasChecksums ? SeekTable.emptyChecksum : 0)
            #expect(table.endsWithSectionTable)
            #expect(!SeekTable(rows: table.rows.reversed(), hasChecksums: hasChecksums).endsWithSectionTable)
            #expect(!SeekTable(rows: [table.rows[2]], hasChecksums: hasChecksums).endsWithSectionTable)
            #expect(!SeekTable(rows: [], hasChecksums: hasChecksums).endsWithSectionTable)
        }
    }

    @Test func randomBytesNeverTrapAParser() throws {
        var generator = SeededGenerator(for: "randomBytesNeverTrapAParser")
        let parts = [try table(of: 3).serialized(), SeekTable(rows: rows, hasChecksums: true).serialized()]
        for round in 0..<20_000 {
            var bytes = parts[round % 2]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = generator.bytes(1)[0]
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...2 * bytes.count, using: &generator)))
            // Only a trap fails this test: what parses must be exactly what the bytes hold.
            if let table = try? parseSeekTable(bytes) { #expect(table.serialized() == bytes) }
            if let table = try? parseChecksums(bytes) { #expect(table.serialized() == bytes) }
        }
    }
}
