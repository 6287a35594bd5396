import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Files
@testable import Ground
@testable import Operations

/// The tables of parts, written and read.
@Suite struct PartTableTests {
    private let job = PartJob(
        inputBytes: 10_000_001, modifiedSeconds: -1, modifiedNanoseconds: 999_999_999, ends: Array(1...16),
        settings: ["operation=compress", "level=-7", "name=a=\u{20AC}", ""])

    private let rows = [
        PartRow(byteCount: 3, contentBytes: 1 << 40, checksum: 0xFFFF_FFFF, contentChecksum: 1),
        PartRow(byteCount: 0, checksum: 0),
        PartRow(byteCount: 5, contentBytes: 7, checksum: 0x0102_0304, contentChecksum: 0xFFFF_FFFE),
    ]

    private func table(_ rows: [PartRow]) throws -> PartTable {
        var table = PartTable(job, try #require(Part(3, of: 16)), 5..<9_999_999)
        table.rows = rows
        return table
    }

    private func parse(_ bytes: [UInt8]) throws(PoolmapError) -> PartTable? {
        try bytes.withBytes { (bytes) throws(PoolmapError) in try PartTable(bytes) }
    }

    /// Reads a file with these bytes.
    private func read(_ bytes: [UInt8]) throws -> (PartTable, byteCount: UInt64) {
        var result: (PartTable, byteCount: UInt64)?
        try withTemporaryFolder { folder in
            let path = folder + "/part"
            let file = try openFile(path, O_CREAT | O_EXCL | O_RDWR, 0o600)
            defer { try? file.close() }
            try bytes.withUnsafeBytes { try file.writeAll($0, at: 0, to: path) }
            result = try PartTable.read(of: try InputFile.open(path: path))
        }
        return try #require(result)
    }

    private func isDamaged(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try read(bytes)
            return false
        } catch {
            return (error as? PoolmapError)?.code == .damaged
        }
    }

    /// Replaces numbers of four or eight bytes, and corrects the checksum.
    private func with(_ table: [UInt8], _ numbers: (place: Int, value: UInt64, byteCount: Int)...) -> [UInt8] {
        var bytes = table
        for (place, value, byteCount) in numbers {
            for index in 0..<byteCount { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
        }
        let end = bytes.count - 8
        var checked = Array(bytes[..<end])
        checked.appendCRC32C()
        return checked + bytes[(end + 4)...]
    }

    @Test func aWrittenTableIsReadBack() throws {
        for rows in [[], Array(rows.prefix(1)), rows] {
            let table = try table(rows)
            let bytes = try table.serialized()
            #expect(try parse(bytes) == table)
            let pieces = [UInt8](repeating: 7, count: Int(try #require(table.byteCount)))
            let (found, byteCount) = try read(pieces + bytes)
            #expect(found == table)
            #expect(byteCount == UInt64(pieces.count))
        }
    }

    /// Decoders skip it.
    @Test func aTableIsASkippableFrame() throws {
        let bytes = try table(rows).serialized()
        #expect(bytes.prefix(4) == [0x5C, 0x2A, 0x4D, 0x18])
        #expect(bytes.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 4) } == UInt32(bytes.count - 8))
    }

    @Test func eachFlippedBitAndEachCutIsNoticed() throws {
        let bytes = [UInt8](repeating: 7, count: 8) + (try table(rows).serialized())
        let table = Array(bytes.dropFirst(8))
        for place in table.indices {
            // The last four bytes mark the table.
            for bit in 0..<8 where place < table.count - 4 {
                var damaged = table
                damaged[place] ^= 1 << UInt8(bit)
                #expect((try? parse(damaged)) == nil, "bit \(bit) of byte \(place)")
            }
            var damaged = bytes
            damaged[8 + place] ^= 1 << UInt8(place % 8)
            #expect(isDamaged(damaged), "byte \(place) of a file")
            #expect(isDamaged(Array(bytes[..<place])), "cut after \(place) bytes")
        }
        #expect(isDamaged(bytes + [0]))
        #expect(isDamaged(bytes + bytes.suffix(12)))
        #expect(isDamaged(Array(bytes.dropFirst())))
        #expect(isDamaged([0] + bytes))
    }

    @Test func lengthsThatLieAreRefused() throws {
        let bytes = try table(rows).serialized()
        let text = bytes.withUnsafeBytes { UInt64($0.littleEndian(UInt32.self, at: 80)) }
        #expect(try parse(with(bytes, (80, text, 4))) != nil)
        for (place, value) in [
            (80, 0), (80, text - 1), (80, text + 1), (80, text + 24), (80, 0xFFFF_FFFF), (84, 0), (84, 2), (84, 4),
            (84, 0x0AAA_AAAB), (84, 0xFFFF_FFFF),
            // The length of the frame, the number of the part, and the number of parts.
            (4, 0), (4, UInt64(bytes.count)), (4, 0xFFFF_FFFF), (20, 0), (20, 17), (20, 0xFFFF_FFFF), (24, 0), (24, 2),
            (24, 0xFFFF_FFFF),
        ] as [(Int, UInt64)] {
            #expect(try parse(with(bytes, (place, value, 4))) == nil, "\(value) at \(place)")
        }
        // A range that ends before it begins.
        #expect(try parse(with(bytes, (56, 4, 8))) == nil)
        #expect(try parse(with(bytes, (56, 5, 8))) != nil)
        // One more row, and a text shorter by its length: the sum is right.
        #expect(try parse(with(bytes, (80, text - 24, 4), (84, 4, 4))) != nil)
        // The length at the end, before the checksum.
        for value: UInt64 in [0, 12, 99, UInt64(bytes.count) - 1, UInt64(bytes.count) + 1, 0xFFFF_FFFF] {
            #expect(isDamaged([7, 7, 7, 7, 7, 7, 7, 7] + with(bytes, (bytes.count - 12, value, 4))), "\(value)")
        }
    }

    @Test func rowsBeyondTheLargestFileAreRefused() throws {
        for counts: [UInt64] in [[.max, 1], [.max, .max, .max], [1 << 63, 1 << 63], [.max - 7, 4, 4]] {
            let table = try table(counts.map { PartRow(byteCount: $0, checksum: 0) })
            #expect(table.byteCount == nil)
            // Truncated to so many bits, the sum would be 0 or 8.
            for extra in [0, 8] {
                #expect(isDamaged([UInt8](repeating: 7, count: extra) + (try table.serialized())))
            }
        }
        let most = try table([PartRow(byteCount: .max, checksum: 0)])
        #expect(most.byteCount == .max)
        #expect(isDamaged(try most.serialized()))
        #expect(isDamaged([7] + (try table([]).serialized())))
    }

    @Test func anotherVersionIsDistinguishedFromDamage() throws {
        let bytes = with(try table(rows).serialized(), (16, 2, 1))
        let error = #expect(throws: PoolmapError.self) { try parse(bytes) }
        #expect(error?.code == .unsupported)
        var damaged = try table(rows).serialized()
        damaged[16] = 2
        #expect(try parse(damaged) == nil)
    }

    @Test func aDifferenceIsReported() {
        #expect(job.difference(from: job) == nil)
        func difference(_ change: (inout PartJob) -> Void) -> String? {
            var other = job
            change(&other)
            return other.difference(from: job)
        }
        #expect(difference { $0.inputBytes = 5 } == "its input had 5 bytes, not 10000001")
        #expect(difference { $0.modifiedSeconds = 0 } == "its input had a different modification time")
        #expect(difference { $0.modifiedNanoseconds = 0 } == "its input had a different modification time")
        #expect(difference { $0.ends[15] = 0 } == "its input had different content")
        #expect(difference { $0.settings[1] = "level=3" } == "it was made with level=3, not level=-7")
        #expect(difference { $0.settings.append("new=1") } == "it was made by another version of poolmap")
        #expect(difference { $0.settings.removeLast() } == "it was made by another version of poolmap")
    }

    @Test func settingsAreFoundByTheirNames() {
        #expect(job.operation == .compress)
        #expect(job.values(of: "name") == ["a=\u{20AC}"])
        #expect(job.values(of: "nam") == [])
        var other = job
        other.settings = ["operation=sort", "algorithm=crc32", "algorithm=md5"]
        #expect(other.operation == nil)
        #expect(other.values(of: "algorithm") == ["crc32", "md5"])
    }
}
