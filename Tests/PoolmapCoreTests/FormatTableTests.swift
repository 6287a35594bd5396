import Testing

@testable import PoolmapCore

/// The header and the two tables, each for itself.
@Suite struct FormatTableTests {
    private func parseHeader(_ bytes: [UInt8]) throws -> FileHeader {
        try bytes.withUnsafeBytes { try FileHeader.parse($0) }
    }

    private func parseChecksums(_ bytes: [UInt8]) throws -> SectionTable {
        try bytes.withUnsafeBytes { try SectionTable.parse($0) }
    }

    private func parseSeekTable(_ bytes: [UInt8]) throws -> SeekTable {
        try bytes.withUnsafeBytes { try SeekTable.parse($0) }
    }

    private func headerError(_ bytes: [UInt8]) -> FormatError? {
        formatError { _ = try parseHeader(bytes) }
    }

    private func checksumError(_ bytes: [UInt8]) -> FormatError? {
        formatError { _ = try parseChecksums(bytes) }
    }

    private func seekTableError(_ bytes: [UInt8]) -> FormatError? {
        formatError { _ = try parseSeekTable(bytes) }
    }

    /// The bytes with some of them changed, and the checksum at their end made right again.
    private func changed(_ bytes: [UInt8], at offset: Int, to values: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes.replaceSubrange(offset..<offset + values.count, with: values)
        bytes.removeLast(4)
        bytes.appendCRC32C()
        return bytes
    }

    private let header = FileHeader(chunkBytes: 1 << 20, hasChecksums: true)

    private let checksums = SectionTable(frameChecksums: [1, 0xDEAD_BEEF, UInt32.max])

    private let rows = [
        SeekTable.Row(compressedBytes: 44, contentBytes: 0, checksum: SeekTable.emptyChecksum),
        SeekTable.Row(compressedBytes: UInt32.max, contentBytes: 1 << 30, checksum: 7),
        SeekTable.Row(compressedBytes: 1, contentBytes: UInt32.max, checksum: UInt32.max),
    ]

    // MARK: Header

    @Test(arguments: [1, 65_536, FileHeader.maximumChunkBytes], [true, false])
    func aHeaderComesBackAsItWas(chunkBytes: UInt32, hasChecksums: Bool) throws {
        let header = FileHeader(chunkBytes: chunkBytes, hasChecksums: hasChecksums)
        let bytes = header.serialized()
        #expect(bytes.count == FileHeader.byteCount)
        #expect(try parseHeader(bytes) == header)
        #expect(bytes.withUnsafeBytes { FileHeader.isHeader($0) })
    }

    @Test func theHeaderHasTheDocumentedBytes() {
        let bytes = FileHeader(chunkBytes: 100, hasChecksums: true).serialized()
        #expect(bytes == Array(FormatFixture.poolmap[..<44]))
    }

    @Test func everyFlippedBitOfAHeaderIsRefused() {
        let bytes = header.serialized()
        for bit in 0..<8 * bytes.count {
            #expect(headerError(flip(bit: bit, of: bytes)) != nil, "bit \(bit)")
        }
    }

    @Test func aHeaderOfAnyOtherLengthIsRefused() {
        let bytes = header.serialized()
        for length in 0..<bytes.count {
            #expect(headerError(Array(bytes[..<length])) != nil, "\(length) bytes")
        }
        #expect(headerError(bytes + [0]) == .damaged(.header, at: 0, .length))
    }

    @Test func aHeaderWithValuesOutOfRangeIsRefused() {
        let bytes = header.serialized()
        #expect(headerError(changed(bytes, at: 16, to: [2])) == .unsupportedVersion(.header, at: 0, version: 2))
        #expect(headerError(changed(bytes, at: 17, to: [3])) == .damaged(.header, at: 0, .reserved))
        for offset in [18, 19] + Array(24..<40) {
            #expect(headerError(changed(bytes, at: offset, to: [1])) == .damaged(.header, at: 0, .reserved))
        }
        #expect(headerError(changed(bytes, at: 20, to: [0, 0, 0, 0])) == .damaged(.header, at: 0, .chunkSize))
        #expect(headerError(changed(bytes, at: 20, to: [1, 0, 0, 0x40])) == .damaged(.header, at: 0, .chunkSize))
        #expect(headerError(changed(bytes, at: 15, to: [0x43])) == .damaged(.header, at: 0, .identifier))
    }

    // MARK: Checksum table

    @Test(arguments: [0, 1, 2, 1000]) func aSectionTableComesBackAsItWas(count: Int) throws {
        let table = SectionTable(frameChecksums: (0..<UInt32(count)).map { $0 &* 0x9E37_79B9 })
        let bytes = table.serialized()
        #expect(bytes.count == SectionTable.byteCount(frameCount: count))
        #expect(try parseChecksums(bytes) == table)
    }

    @Test func everyFlippedBitOfASectionTableIsRefused() {
        let bytes = checksums.serialized()
        for bit in 0..<8 * bytes.count {
            #expect(checksumError(flip(bit: bit, of: bytes)) != nil, "bit \(bit)")
        }
    }

    @Test func aSectionTableOfAnyOtherLengthIsRefused() {
        let bytes = checksums.serialized()
        for length in 0..<bytes.count {
            #expect(checksumError(Array(bytes[..<length])) != nil, "\(length) bytes")
        }
        #expect(checksumError(bytes + [0, 0, 0, 0]) == .damaged(.sectionTable, at: 0, .length))
    }

    @Test func aSectionTableWithWrongValuesIsRefused() {
        let bytes = checksums.serialized()
        let part = FormatError.Part.sectionTable
        #expect(checksumError(changed(bytes, at: 16, to: [9])) == .unsupportedVersion(part, at: 0, version: 9))
        for offset in 17...19 {
            #expect(checksumError(changed(bytes, at: offset, to: [1])) == .damaged(part, at: 0, .reserved))
        }
        for count: [UInt8] in [[2, 0, 0, 0], [4, 0, 0, 0], [255, 255, 255, 255], [3, 0, 0, 0x40]] {
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
        // What the documentation of the property promises for the largest table.
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
        // From bit 27 on the row count is over the limit; bit 39 is the checksum flag, whose other value is valid too.
        for bit in 27..<72 where bit != 39 {
            #expect(length(flip(bit: bit, of: footer), in: Int.max) == nil, "bit \(bit)")
        }
    }

    @Test func onlyATableThatBeginsWithAHeaderLooksLikeOurs() {
        func looksLikeOurs(_ bytes: [UInt8]) -> Bool {
            bytes.withUnsafeBytes { SeekTable.looksLikeOurs($0) }
        }
        for hasChecksums in [true, false] {
            #expect(looksLikeOurs(SeekTable(rows: rows, hasChecksums: hasChecksums).serialized()))
            #expect(!looksLikeOurs(SeekTable(rows: rows.reversed(), hasChecksums: hasChecksums).serialized()))
            #expect(!looksLikeOurs(SeekTable(rows: [], hasChecksums: hasChecksums).serialized()))
        }
        #expect(!looksLikeOurs(header.serialized()))
    }

    @Test func randomBytesNeverTrapAParser() {
        var generator = SeededGenerator(for: "randomBytesNeverTrapAParser")
        let parts = [
            header.serialized(), checksums.serialized(), SeekTable(rows: rows, hasChecksums: true).serialized(),
        ]
        for round in 0..<20_000 {
            var bytes = parts[round % 3]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = generator.bytes(1)[0]
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...2 * bytes.count, using: &generator)))
            // Only a trap fails this test: what parses must be just what the bytes hold.
            if let table = try? parseSeekTable(bytes) { #expect(table.serialized() == bytes) }
            if let table = try? parseChecksums(bytes) { #expect(table.serialized() == bytes) }
            if let header = try? parseHeader(bytes) { #expect(header.serialized() == bytes) }
        }
    }
}
