import Files
import Ground
import Multiprocessing
import SystemPackage
import TestSupport
import Testing

@testable import Operations

/// What a part of a map records about its outputs.
struct MapPartTests {
    private func checksum(_ text: String) -> UInt32 {
        Array(text.utf8).withUnsafeBytes { CRC32C.checksum(of: $0) }
    }

    private func row(_ text: String) -> PartRow {
        PartRow(byteCount: UInt64(text.utf8.count), checksum: checksum(text))
    }

    /// The table of a part with these outputs, of an input of ten bytes.
    private func table(_ outputs: [String], headerLines: Int = 0, header: String = "") throws -> PartTable {
        var result: PartTable?
        try withTemporaryFolder { folder in
            let path = "\(folder)/in"
            let file = try FileDescriptor.open(path, .writeOnly, options: .create, permissions: .ownerReadWrite)
            try file.writeAll(Array("0123456789".utf8))
            try file.close()
            var settings = MapSettings(CommandTemplate(shellLine: "cat"), .bytes, chunkBytes: 2, jobs: 1)
            settings.outputHeaderLineCount = headerLines
            let number = try #require(Part(2, of: 3))
            settings.take(number, ["cut=anywhere", "reduce=\"concat\""])
            var part = try MapPart(number, of: try InputFile.open(path: path), contentBytes: nil, settings)
            part.range = 4..<6
            for output in outputs {
                let lines = output.isEmpty ? "" : header
                part.add(UInt64(output.utf8.count), checksum(output), behind: Array(lines.utf8))
            }
            result = try part.tableBytes().withUnsafeBytes { bytes in try PartTable(bytes) }
        }
        return try #require(result)
    }

    @Test func eachOutputIsARow() throws {
        let table = try table(["one", "", "three"])
        #expect(table.rows == [row("one"), row(""), row("three")])
        #expect(table.range == 4..<6)
        #expect(table.job.operation == .map)
        #expect(table.job.sharedBytes == 10)
    }

    @Test func firstLinesAreARowOfTheirOwn() throws {
        let long = String(repeating: "line\n", count: 5000)
        let table = try table(["", "head\nx\n", "head\n", "head\n" + long], headerLines: 1, header: "head\n")
        #expect(table.rows == [row("head\n"), row(""), row("x\n"), row(""), row(long)])
    }

    @Test func whereNothingWasWrittenTheFirstLinesAreEmpty() throws {
        #expect(try table(["", ""], headerLines: 1).rows == [row(""), row(""), row("")])
        #expect(try table([], headerLines: 1).rows.isEmpty)
    }

    @Test func aPartKeepsOutputsAsTheyAreWhateverJoinsThem() throws {
        var settings = MapSettings(CommandTemplate(shellLine: "cat"), .bytes, chunkBytes: 2, jobs: 1)
        settings.join = .sum
        settings.outputHeaderLineCount = 3
        settings.take(try #require(Part(1, of: 1)), [])
        #expect(settings.sharedHeaderLineCount == 0)
        guard case .concatenation = settings.join else {
            Issue.record("it joins by \(settings.join)")
            return
        }
    }
}
