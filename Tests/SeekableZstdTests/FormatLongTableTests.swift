import Ground
import TestSupport
import Testing

@testable import SeekableZstd

/// Tables too long to hold in memory.
@Suite struct FormatLongTableTests {
    private static let frameCount = 40

    private func section(hasChecksums: Bool) throws -> [UInt8] {
        let contents = (0..<Self.frameCount).map { [UInt8](repeating: UInt8($0), count: 10) }
        return try HandMade.section(hasChecksums: hasChecksums, contents: contents)
    }

    /// Reads a file whose tables arrive in pieces of `pieceBytes`, with an auditor that keeps `keptRows` rows.
    private func audit(_ file: [UInt8], keptRows: Int, pieceBytes: Int) throws {
        try file.withUnsafeBytes { bytes in
            var auditor = SectionAuditor(seesFrames: true, keptRows: keptRows)
            var position = 0
            while position < bytes.count {
                let rest = bytes.bytes(in: position..<bytes.count)
                let info = try FrameWalker.walk(rest, at: UInt64(position))
                let frame = rest.bytes(in: 0..<Int(info.compressedBytes))
                if case .skippable = info.kind {
                    var fed = min(frame.count, SectionAuditor.beginningBytes)
                    try auditor.begin(skippable: frame.bytes(in: 0..<fed))
                    while auditor.missingBytes > 0 {
                        let end = fed + min(pieceBytes, auditor.missingBytes)
                        try auditor.feed(frame.bytes(in: fed..<end))
                        fed = end
                    }
                } else {
                    try auditor.add(HandMade.describe(frame, info: info))
                }
                position += frame.count
            }
            try auditor.finish()
        }
    }

    @Test(arguments: [true, false]) func tablesComeInPiecesOfAnySize(hasChecksums: Bool) throws {
        let file = try section(hasChecksums: hasChecksums)
        for pieceBytes in [1, 3, 4, 7, 12, 13, 100, 1000] {
            for keptRows in [1, 2, 5, Self.frameCount, Self.frameCount + 1, .max] {
                try audit(file, keptRows: keptRows, pieceBytes: pieceBytes)
                try audit(file + file, keptRows: keptRows, pieceBytes: pieceBytes)
            }
        }
    }

    @Test(arguments: [true, false]) func everyBitOfATableIsCheckedWhateverIsKept(hasChecksums: Bool) throws {
        let file = try section(hasChecksums: hasChecksums)
        let tables =
            SeekTable.byteCount(rowCount: Self.frameCount + 1, hasChecksums: hasChecksums)
            + SectionTable.byteCount(frameCount: Self.frameCount, hasChecksums: hasChecksums)
        for bit in 8 * (file.count - tables)..<8 * file.count {
            let flipped = flip(bit: bit, of: file)
            #expect(throws: FormatError.self, "bit \(bit)") { try audit(flipped, keptRows: 3, pieceBytes: 50) }
        }
    }

    @Test func aRowThatIsNotKeptIsStillComparedWithItsFrame() throws {
        let file = try section(hasChecksums: true)
        let table = file.count - SeekTable.byteCount(rowCount: Self.frameCount + 1, hasChecksums: true)
        // The compressed size in row 20.
        let flipped = flip(bit: 8 * (table + 8 + 12 * 20), of: file)
        #expect(
            formatError { try audit(flipped, keptRows: 10, pieceBytes: 64) }
                == .laterRowsMismatch(.seekTable, at: UInt64(table), from: 10))
        #expect(
            formatError { try audit(flipped, keptRows: .max, pieceBytes: 64) }
                == .seekTableMismatch(row: 20, .compressedBytes, table: 27, frame: 26))
    }

    @Test func twoDigestsAreEqualWhereTheirRowsAre() {
        var one = RowDigest()
        for value in 0..<10_000 as Range<UInt32> { one.add(value) }
        var copy = one
        copy.add(1)
        #expect(one.value() == one.value())
        #expect(one.value() != copy.value())
        one.add(1)
        #expect(one.value() == copy.value())
        #expect(RowDigest().value().isEmpty)
    }
}
