@testable import Files
@testable import Ground
@testable import Operations
@testable import SeekableZstd

extension FuzzTarget {
    /// The tables at the end of parts: a table that was read must be written as the same bytes.
    static let parts = FuzzTarget(
        name: "parts", mostBytes: 1024, leastEdges: 380, seeds: { try partFiles() + [records] },
        run: { bytes in
            readRecords(bytes[...])
            read(Array(bytes))
            read(withRightTable(Array(bytes)))
        })

    private static let pieces = Array("a piece and another".utf8)

    private static func partFiles() throws -> [[UInt8]] {
        func file(_ operation: PartJob.Operation, _ settings: [String], _ rows: [PartRow]) throws -> [UInt8] {
            let job = PartJob(
                inputBytes: 1000, modifiedSeconds: -1, modifiedNanoseconds: 2, ends: Array(1...16),
                settings: ["operation=\(operation.rawValue)"] + settings)
            guard let part = Part(3, of: 16) else { return [] }
            var table = PartTable(job, part, 5..<700)
            table.rows = rows
            return try pieces.prefix(Int(table.byteCount ?? 0)) + table.serialized()
        }
        let row = PartRow(byteCount: 7, contentBytes: 1 << 40, checksum: 3, contentChecksum: 4)
        return [
            try file(.compress, ["level=3", "check=true"], [row, PartRow(byteCount: 12, checksum: 5)]),
            try file(.hash, ["algorithm=blake3 32", "name=a=\\n\u{20AC}"], [row]), try file(.decompress, [], []),
        ]
    }

    private static let records = ShareRecord.bytes(0, Array("a line\n".utf8)) + ShareRecord.bytes(1 << 40, [])

    /// Records that were read must be written as the same bytes, and what follows the last must not be one.
    private static func readRecords(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        var (rest, written) = (bytes[...], [UInt8]())
        while let record = ShareRecord(takenFrom: &rest) {
            written += ShareRecord.bytes(record.ordinal, Array(record.lines))
        }
        require((written + rest).elementsEqual(bytes), "records are written otherwise")
    }

    private static func read(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            guard let file = try? InputFile.open(path: ScratchFiles.path(to: bytes)),
                let (table, byteCount) = try? PartTable.read(of: file)
            else { return }
            require(byteCount <= UInt64(bytes.count) && table.byteCount == byteCount, "\(byteCount) bytes of pieces")
            require(table.range.lowerBound <= table.range.upperBound, "the share is \(table.range)")
            require(Part(table.part.number, of: table.part.count) == table.part, "there is no part \(table.part)")
            require(table.job.difference(from: table.job) == nil, "a job is another than itself")
            _ = table.job.operation
            // Settings are text, so invalid UTF-8 in them is not preserved.
            guard let written = try? table.serialized(), let again = parsed(written) else {
                return require(false, "a table is not read again")
            }
            require(again == table, "a table is another when it is read again")
            let own = Array(bytes.dropFirst(Int(byteCount)))
            guard isText(settings(of: own)) else { return }
            require(written.elementsEqual(own), "a table is written otherwise")
        }
    }

    private static func parsed(_ bytes: [UInt8]) -> PartTable? {
        (try? bytes.withBytes { (bytes) throws(PoolmapError) in try PartTable(bytes) }) ?? nil
    }

    private static func settings(of table: [UInt8]) -> ArraySlice<UInt8> {
        let count = table.withUnsafeBytes { Int($0.littleEndian(UInt32.self, at: 80)) }
        return table.dropFirst(88).prefix(count)
    }

    private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
        Array(String(decoding: bytes, as: UTF8.self).utf8).elementsEqual(bytes)
    }

    /// Sets the end mark, the checksum and the length before it, so that the table begins where the bytes say, or at
    /// the first of them.
    private static func withRightTable(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= 100 else { return bytes }
        let said = bytes.withUnsafeBytes { Int($0.littleEndian(UInt32.self, at: bytes.count - 12)) }
        let frameBytes = 100...bytes.count ~= said ? said : bytes.count
        var table = Array(bytes.suffix(frameBytes).dropLast(12))
        let beginning =
            SkippableFrame.prefix(nibble: SkippableFrame.sectionNibble, frameBytes: frameBytes) + Array("poolmapP".utf8)
        table.replaceSubrange(..<beginning.count, with: beginning)
        table.append(littleEndian: UInt32(frameBytes))
        table.appendCRC32C()
        return Array(bytes.dropLast(frameBytes)) + table + Array("Ppam".utf8)
    }
}
