@testable import PoolmapCore

extension FuzzTarget {
    /// Header, section table and seek table: what is read is written as the same bytes.
    static let tables = FuzzTarget(
        name: "tables", mostBytes: 1024, leastEdges: 210,
        seeds: {
            [
                FileHeader(chunkBytes: 1 << 20, hasChecksums: true).serialized(),
                FileHeader(chunkBytes: 1, hasChecksums: false).serialized(),
                SectionTable(frameChecksums: [1, 2, 3]).serialized(),
                SeekTable(rows: [SeekTable.Row(compressedBytes: 44, contentBytes: 0)], hasChecksums: false)
                    .serialized(),
                SeekTable(
                    rows: [
                        SeekTable.Row(compressedBytes: 44, contentBytes: 0, checksum: SeekTable.emptyChecksum),
                        SeekTable.Row(compressedBytes: .max, contentBytes: .max, checksum: 1),
                    ], hasChecksums: true
                ).serialized(),
            ]
        },
        run: { bytes in
            read(bytes)
            Array(bytes).withRightLength().withUnsafeBytes(read)
            Array(bytes).withRightLength().withRightCRC32C().withUnsafeBytes(read)
        })

    private static func read(_ bytes: UnsafeRawBufferPointer) {
        if let header = try? FileHeader.parse(bytes) {
            require(header.serialized().elementsEqual(bytes), "\(header) is written as other bytes")
        }
        if let table = try? SectionTable.parse(bytes) {
            require(table.serialized().elementsEqual(bytes), "\(table) is written as other bytes")
        }
        if let table = try? SeekTable.parse(bytes) {
            require(table.serialized().elementsEqual(bytes), "\(table) is written as other bytes")
            let totals = table.totals
            require(
                totals.compressedBytes >= table.rows.map { UInt64($0.compressedBytes) }.max() ?? 0, "the sum is less")
        }
        _ = SeekTable.looksLikeOurs(bytes)
        if bytes.count >= SeekTable.footerBytes {
            let footer = bytes.bytes(in: bytes.count - SeekTable.footerBytes..<bytes.count)
            if let length = SeekTable.frameBytes(footer: footer, fileBytes: UInt64(bytes.count)) {
                require(length <= bytes.count, "a table of \(length) bytes in \(bytes.count)")
            }
        }
    }
}
