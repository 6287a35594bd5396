@testable import SeekableZstd

extension FuzzTarget {
    /// Section table and seek table: what was read must be written as the same bytes.
    static let tables = FuzzTarget(
        name: "tables", mostBytes: 1024, leastEdges: 210,
        seeds: {
            [
                try Samples.sectionTable(frames: 1), try Samples.sectionTable(frames: 3),
                try Samples.sectionTable(frames: 3, hasChecksums: false, mark: .anyChunks),
                SeekTable(rows: [SeekTable.Row(compressedBytes: 28, contentBytes: 0)], hasChecksums: false)
                    .serialized(),
                SeekTable(
                    rows: [
                        SeekTable.Row(compressedBytes: .max, contentBytes: .max, checksum: 1),
                        SeekTable.Row(compressedBytes: 32, contentBytes: 0, checksum: SeekTable.emptyChecksum),
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
        if let table = try? SectionTable.parse(bytes) {
            require(table.serialized().elementsEqual(bytes), "\(table) is written as other bytes")
        }
        if let table = try? SeekTable.parse(bytes) {
            require(table.serialized().elementsEqual(bytes), "\(table) is written as other bytes")
            let totals = table.totals
            require(
                totals.compressedBytes >= table.rows.map { UInt64($0.compressedBytes) }.max() ?? 0, "the sum is less")
        }
        _ = SectionMark(of: bytes)
        if bytes.count >= SeekTable.footerBytes {
            let footer = bytes.bytes(in: bytes.count - SeekTable.footerBytes..<bytes.count)
            if let length = SeekTable.frameBytes(footer: footer, fileBytes: UInt64(bytes.count)) {
                require(length <= bytes.count, "a table of \(length) bytes in \(bytes.count)")
            }
        }
    }
}
