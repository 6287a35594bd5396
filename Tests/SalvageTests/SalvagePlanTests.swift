import TestSupport
import Testing

@testable import Salvage
@testable import SeekableZstd

/// Which frame is recovered to which place, by the plan alone: nothing is decompressed.
@Suite struct SalvagePlanTests {
    private let contents = (1...6).map { [UInt8](repeating: UInt8($0), count: $0 < 6 ? 100 : 40) }

    private func section(hasChecksums: Bool = true) throws -> [UInt8] {
        var writer = SectionWriter()
        var bytes: [UInt8] = []
        for content in contents {
            var frame = HandMade.dataFrame(content, hasChecksum: hasChecksums)
            if hasChecksums {
                // Not the right checksum, but a different one for each content.
                frame.replaceSubrange(frame.count - 4..<frame.count, with: content[..<4])
            }
            if bytes.isEmpty { frame = HandMade.marked(frame) }
            try writer.add(HandMade.describe(frame))
            bytes += frame
        }
        return bytes + writer.finish()
    }

    /// Frames with their numbers, and losses.
    private func plan(_ file: [UInt8]) throws -> [String] {
        let source = SalvageSource(byteCount: UInt64(file.count)) { offset, count in
            Array(file[Int(offset)..<Int(offset) + count])
        }
        let plan = try SalvagePlan(source)
        var steps: [String] = []
        // Each frame holds one value, repeated.
        let probe: FrameFinder.Probe = { range in
            let content = file[contentStart(Int(range.lowerBound), in: file)..<Int(range.upperBound)].dropLast(4)
            return Set(content).count == 1 ? .whole : .damaged
        }
        while let step = try plan.next(probe: probe) {
            switch step {
            case .frame(let frame):
                let content = file[contentStart(Int(frame.found.frame.offset), in: file)]
                steps.append("\(frame.number): content \(content)")
            case .lost(let loss):
                #expect(loss.file.upperBound <= UInt64(file.count), "\(loss.file) of \(file.count) bytes")
                let frames = loss.frames.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "?"
                let length = loss.contentBytes.map { "\($0)\(loss.isAssumed ? ", likely" : "")" } ?? "?"
                steps.append("\(frames): lost \(length)")
            case .harmless, .skippable: break
            }
        }
        return steps
    }

    /// Where the content, which is stored uncompressed, begins after the header, a mark and the block's header.
    private func contentStart(_ start: Int, in file: [UInt8]) -> Int {
        let mark = file[start...].withUnsafeBytes { SectionMark(of: $0) }
        return start + 12 + (mark?.byteCount ?? 0)
    }

    private let whole = (0..<6).map { "\($0): content \($0 + 1)" }

    /// A frame has 116 bytes with checksums, 112 without; the first has 6 more.
    private func frame(_ number: Int, of file: [UInt8]) -> Range<Int> {
        func start(_ number: Int) -> Int { number == 0 ? 0 : 6 + 116 * number }
        return start(number)..<(number < 5 ? start(number + 1) : start(number) + 56)
    }

    @Test func aWholeFileIsPlannedAsItStands() throws {
        #expect(try plan(section()) == whole)
        #expect(try plan(section(hasChecksums: false)) == whole)
        #expect(try plan(section() + section()).count == 12)
    }

    @Test func whatIsLostWithTheFirstFrameLiesWithinTheFile() throws {
        // Found by the fuzzer: nothing but a table is left of the last section.
        let file = FormatFixture.poolmap
        let seekTableBytes = SeekTable.byteCount(rowCount: 5, hasChecksums: true)
        let table = Array(
            file.dropLast(seekTableBytes).suffix(SectionTable.byteCount(frameCount: 4, hasChecksums: true)))
        let steps = try plan(section() + table + [0x5E, 0x2A, 0x4D, 0x92, 0x8F])
        #expect(steps.starts(with: whole) && steps.count > whole.count)
    }

    @Test func framesWithoutTheirBeginningsAreLostInTheirPlaces() throws {
        for number in 0..<6 {
            var file = try section()
            file[frame(number, of: file).lowerBound] = 0
            var expected = whole
            expected[number] = "\(number)-\(number): lost \(number < 5 ? 100 : 40)"
            #expect(try plan(file) == expected)
        }
    }

    @Test func neighboursAreLostAsOne() throws {
        var file = try section()
        file.replaceSubrange(frame(1, of: file).lowerBound..<frame(4, of: file).upperBound, with: [7, 7, 7])
        #expect(try plan(file) == [whole[0], "1-4: lost 400", whole[5]])
    }

    @Test func framesKeepTheirNumbersInAnyOrder() throws {
        let file = try section()
        let frames = (0..<6).map { Array(file[frame($0, of: file)]) }
        let shuffled = [3, 0, 2, 1, 4, 5].flatMap { frames[$0] }
        #expect(try plan(shuffled + file[frame(5, of: file).upperBound...]) == whole)
    }

    @Test func withoutTablesTheChunkSizeTellsThePlaces() throws {
        let file = try section()
        var cut = Array(file[..<frame(4, of: file).upperBound])
        #expect(try plan(cut) == whole[..<5] + ["?: lost ?"])
        cut[frame(2, of: file).lowerBound] = 0
        #expect(try plan(cut) == whole[..<2] + ["2-2: lost 100, likely"] + whole[3..<5] + ["?: lost ?"])
    }

    @Test func aRowThatLiesCostsNoFrame() throws {
        for hasChecksums in [true, false] {
            let file = try section(hasChecksums: hasChecksums)
            let table = file.count - SeekTable.byteCount(rowCount: 7, hasChecksums: hasChecksums)
            for byte in table..<file.count {
                for bit in 0..<8 {
                    var bytes = file
                    bytes[byte] ^= 1 << UInt8(bit)
                    #expect(try plan(bytes) == whole, "byte \(byte - table) of the table, bit \(bit)")
                }
            }
        }
    }

    @Test func theBeginningOfASeekTableIsNotNeeded() throws {
        // Without the section table too: the rows give its place.
        var file = try section()
        let table = file.count - SeekTable.byteCount(rowCount: 7, hasChecksums: true)
        file.replaceSubrange(table - 40..<table + 8, with: [UInt8](repeating: 0, count: 48))
        file[frame(3, of: file).lowerBound] = 0
        #expect(try plan(file) == whole[..<3] + ["3-3: lost 100"] + whole[4...])
    }

    @Test func aTableOfOthersTellsTheLengthsToo() throws {
        let frames = contents.map { HandMade.dataFrame($0, hasChecksum: false) }
        let rows = frames.enumerated().map {
            SeekTable.Row(compressedBytes: UInt32($0.element.count), contentBytes: UInt32(contents[$0.offset].count))
        }
        let file = frames.flatMap { $0 } + SeekTable(rows: rows, hasChecksums: false).serialized()
        #expect(try plan(file) == whole)
        var damaged = file
        damaged[112 * 2] = 0
        #expect(try plan(damaged) == whole[..<2] + ["2-2: lost 100"] + whole[3...])
    }
}
