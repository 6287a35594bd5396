import CZstd
import Glibc
import Ground
import TestSupport
import Testing

@testable import SeekableZstd

/// Any range of the content of a file that ends with a seek table, whoever wrote it.
@Suite struct SeekableReaderTests {
    /// The requests of a reader.
    private final class Log {
        var reads: [Range<UInt64>] = []
    }

    private struct Unreadable: Error {}

    private func reads(of file: [UInt8], _ log: Log = Log()) -> SeekableReader.Read {
        { offset, count in
            log.reads.append(offset..<offset + UInt64(count))
            return Array(file[Int(offset)..<Int(offset) + count])
        }
    }

    private func reader(_ file: [UInt8]) throws -> SeekableReader? {
        try SeekableReader(fileBytes: UInt64(file.count), read: reads(of: file))
    }

    private func content(of file: [UInt8], in range: Range<Int>? = nil) throws -> [UInt8] {
        let reader = try #require(try reader(file))
        let range = range.map { UInt64($0.lowerBound)..<UInt64($0.upperBound) } ?? 0..<reader.contentBytes
        return try reader.content(in: range, read: reads(of: file))
    }

    /// A frame made by libzstd.
    private func frame(_ content: [UInt8], hasChecksum: Bool, says: Bool = true) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, hasChecksum ? 1 : 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, says ? 1 : 0)
        let bound = ZSTD_compressBound(content.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { space, count in
            count = ZSTD_compress2(context, space.baseAddress, bound, content, content.count)
        }
    }

    /// The frames of these contents, followed by their table.
    private func file(
        _ contents: [[UInt8]], frameChecksums: Bool = true, rowChecksums: Bool = true,
        rows change: (inout [SeekTable.Row]) -> Void = { _ in }
    ) -> [UInt8] {
        let frames = contents.map { frame($0, hasChecksum: frameChecksums) }
        var rows = zip(frames, contents).map { frame, content in
            SeekTable.Row(
                compressedBytes: UInt32(frame.count), contentBytes: UInt32(content.count),
                checksum: UInt32(truncatingIfNeeded: content.withUnsafeBytes { XXH64.hash($0) }))
        }
        change(&rows)
        return frames.flatMap { $0 } + SeekTable(rows: rows, hasChecksums: rowChecksums).serialized()
    }

    /// Contents of many sizes, some of them compressible.
    private func contents(using random: inout SeededGenerator) -> [[UInt8]] {
        [1, 99, 131_072, 0, 131_073, 4000, 1].map { count in
            let period = random.bytes(Int.random(in: 1...max(1, count), using: &random))
            return (0..<count).map { period[$0 % period.count] }
        }
    }

    // MARK: Files of several writers

    @Test(arguments: [
        (FormatFixture.seekable, FormatFixture.seekableContent),
        (FormatFixture.seekableWithoutChecksums, FormatFixture.seekableContent),
        (FormatFixture.poolmap, Array(String(repeating: fox, count: 8).utf8.prefix(315))),
        (FormatFixture.poolmapWithoutChecksums, Array(String(repeating: fox, count: 8).utf8.prefix(135))),
    ])
    func everyRangeAtTheBordersOfFramesHasItsBytes(file: [UInt8], all: [UInt8]) throws {
        let reader = try #require(try reader(file))
        #expect(reader.contentBytes == UInt64(all.count))
        let borders = reader.frames.flatMap { [$0.content.lowerBound, $0.content.upperBound] }
        let places = Set(borders.flatMap { [Int($0) - 1, Int($0), Int($0) + 1] }).filter { 0...all.count ~= $0 }
        for low in places {
            for high in places where low <= high {
                #expect(try content(of: file, in: low..<high) == Array(all[low..<high]), "\(low)..<\(high)")
            }
        }
    }

    private static let fox = "the quick brown fox jumps over the lazy dog. "

    @Test(arguments: ["poolmap.zst", "seekable.zst"]) func theFixturesHaveTheContentOfTheirPlainOne(
        name: String
    ) throws {
        let fixtures = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/fixtures/"
        let plain = try bytes(ofFile: fixtures + "one-chunk.zst")
        let all = [UInt8](unsafeUninitializedCapacity: 10_951) { space, count in
            count = ZSTD_decompress(space.baseAddress, space.count, plain, plain.count)
        }
        #expect(all.count == 10_951)
        #expect(try content(of: try bytes(ofFile: fixtures + name)) == all)
    }

    private func bytes(ofFile path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        return [UInt8](unsafeUninitializedCapacity: 1 << 20) { $1 = fread($0.baseAddress, 1, 1 << 20, file) }
    }

    @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
    func randomRangesHaveTheirBytesAndNoOtherFrameIsRead(frameChecksums: Bool, rowChecksums: Bool) throws {
        var random = SeededGenerator(for: "randomRangesHaveTheirBytesAndNoOtherFrameIsRead")
        let contents = contents(using: &random)
        let file = file(contents, frameChecksums: frameChecksums, rowChecksums: rowChecksums)
        let all = contents.flatMap { $0 }
        let reader = try #require(try reader(file))
        #expect(reader.frames.map { Int($0.content.count) } == contents.map(\.count).filter { $0 > 0 })
        for _ in 0..<30 {
            let ends = [0, 0].map { _ in Int.random(in: 0...all.count, using: &random) }.sorted()
            let range = UInt64(ends[0])..<UInt64(ends[1])
            let log = Log()
            #expect(try reader.content(in: range, read: reads(of: file, log)) == Array(all[ends[0]..<ends[1]]))
            #expect(log.reads == reader.frames.filter { $0.content.overlaps(range) }.map(\.bytes))
        }
    }

    @Test func anEmptyRangeReadsNothing() throws {
        let reader = try #require(try reader(FormatFixture.seekable))
        for place: UInt64 in [0, 50, 100, 315] {
            #expect(try reader.content(in: place..<place) { _, _ in throw Unreadable() } == [])
        }
    }

    @Test(arguments: [1, 2, 5], [true, false]) func whatTheWriterMakesIsRead(count: Int, hasChecksums: Bool) throws {
        for mark in [SectionMark.equalChunks, .anyChunks] {
            let chunks = (0..<count).map { number in
                // The last may be shorter; if sizes may differ, all may be.
                [UInt8](
                    repeating: UInt8(number), count: number == count - 1 ? 7 : mark == .anyChunks ? 90 + number : 90)
            }
            var writer = SectionWriter()
            var file: [UInt8] = []
            for (number, chunk) in chunks.enumerated() {
                var frame = frame(chunk, hasChecksum: hasChecksums)
                if number == 0, count > 1 { frame = HandMade.marked(frame, mark) }
                try writer.add(frame.withUnsafeBytes { try DataFrame($0, contentBytes: UInt64(chunk.count)) })
                file += frame
            }
            file += writer.finish()
            try auditFile(file)
            // A single frame is plain, and has no table.
            if count == 1 {
                #expect(try reader(file) == nil)
            } else {
                #expect(try content(of: file) == chunks.flatMap { $0 })
            }
        }
    }

    // MARK: No table

    @Test func aFileWithoutATableThatCoversItHasNoReader() throws {
        #expect(try reader([]) == nil)
        for count in 1...9 { #expect(try reader([UInt8](FormatFixture.seekable.suffix(count))) == nil) }
        for file in [FormatFixture.emptyInput, FormatFixture.oneBlock, FormatFixture.pzstd] {
            #expect(try reader(file) == nil)
        }
        // The table covers only the second file.
        #expect(try reader(FormatFixture.oneBlock + FormatFixture.seekable) == nil)
        #expect(try reader(FormatFixture.seekable + FormatFixture.oneBlock) == nil)
        #expect(try reader(Array(FormatFixture.seekable.dropFirst())) == nil)
        #expect(try reader(Array(FormatFixture.seekable.dropLast())) == nil)
    }

    @Test func anEmptyTableIsAFileWithoutContent() throws {
        for hasChecksums in [true, false] {
            let reader = try #require(try reader(SeekTable(rows: [], hasChecksums: hasChecksums).serialized()))
            #expect(reader.frames.isEmpty)
            #expect(reader.contentBytes == 0)
            #expect(try reader.content(in: 0..<0) { _, _ in throw Unreadable() } == [])
        }
        #expect(try content(of: file([[], []])) == [])
    }

    // MARK: Damage

    @Test func aFlippedBitOfAFrameGivesNoOtherContentWhereTheTableHasChecksums() throws {
        let file = FormatFixture.seekable
        for bit in 0..<8 * 206 {
            let found = try? content(of: flip(bit: bit, of: file))
            #expect(found == nil || found == FormatFixture.seekableContent, "bit \(bit)")
        }
    }

    @Test func aWrongChecksumIsSaidWithItsRow() throws {
        let contents = [[1], [], [2, 2, 2]] as [[UInt8]]
        let file = file(contents, frameChecksums: false) { $0[2].checksum ^= 1 }
        #expect(try content(of: file, in: 0..<1) == [1])
        let right = UInt32(truncatingIfNeeded: contents[2].withUnsafeBytes { XXH64.hash($0) })
        #expect(
            formatError { _ = try content(of: file) }
                == .seekTableMismatch(row: 2, .checksum, table: right ^ 1, frame: right))
        // Without the flag, the checksum is ignored.
        #expect(try content(of: self.file(contents, rowChecksums: false) { $0[2].checksum ^= 1 }).count == 4)
    }

    @Test func aDamagedFrameIsAnErrorAndThoseBesideItAreRead() throws {
        var file = FormatFixture.poolmap
        file[80] ^= 0x10
        #expect(try content(of: file, in: 200..<315).count == 115)
        #expect(formatError { _ = try content(of: file, in: 150..<151) } != nil)
    }

    @Test func aTableThatIsNoneIsAnError() throws {
        let start = UInt64(FormatFixture.seekable.count - 65)
        // The length before the rows, which contradicts the footer; and the magic number.
        for (offset, flaw) in [(4, FormatError.Flaw.length), (0, .magic)] {
            let file = flip(bit: 8 * (Int(start) + offset), of: FormatFixture.seekable)
            #expect(formatError { _ = try reader(file) } == .damaged(.seekTable, at: start, flaw))
        }
    }

    @Test func aFrameThatNeedsADictionaryIsAnError() throws {
        let frame = FormatFixture.withDictionary
        let row = SeekTable.Row(compressedBytes: UInt32(frame.count), contentBytes: 135)
        let error = formatError {
            _ = try content(of: frame + SeekTable(rows: [row], hasChecksums: false).serialized())
        }
        guard case .undecodable(at: 0, _) = error else { return #expect(Bool(false), "\(error as Any)") }
    }

    // MARK: Hostile tables

    @Test func aRowThatSaysMoreThanItsFrameHasIsRefused() throws {
        for says in [true, false] {
            let frame = frame([7, 8, 9], hasChecksum: false, says: says)
            let row = SeekTable.Row(compressedBytes: UInt32(frame.count), contentBytes: .max)
            let file = frame + SeekTable(rows: [row], hasChecksums: false).serialized()
            #expect(
                formatError { _ = try content(of: file) }
                    == .seekTableMismatch(row: 0, .contentBytes, table: .max, frame: 3))
        }
    }

    @Test func wrongRowsWithRightSumsAreRefused() throws {
        let contents = [[UInt8]](repeating: [UInt8](repeating: 3, count: 500), count: 3) + [Array(0..<200)]
        // One byte of content moved to the next frame.
        #expect(
            formatError {
                _ = try content(
                    of: file(contents) { rows in
                        rows[0].contentBytes += 1
                        rows[1].contentBytes -= 1
                    })
            } == .seekTableMismatch(row: 0, .contentBytes, table: 501, frame: 500))
        // One byte of the file.
        let short = formatError {
            _ = try content(
                of: file(contents) { rows in
                    rows[0].compressedBytes -= 1
                    rows[1].compressedBytes += 1
                })
        }
        #expect(short == .truncatedFrame(at: 0))
        let long = formatError {
            _ = try content(
                of: file(contents) { rows in
                    rows[0].compressedBytes += 1
                    rows[1].compressedBytes -= 1
                })
        }
        guard case .seekTableMismatch(row: 0, .compressedBytes, _, _) = long else {
            return #expect(Bool(false), "\(long as Any)")
        }
        // The whole file in one row, and no content in any.
        let none = formatError {
            _ = try content(
                of: file(contents) { rows in
                    rows[3].compressedBytes += rows[2].compressedBytes
                    rows[2].compressedBytes = 0
                })
        }
        #expect(none != nil)
    }

    @Test func aFrameThatIsLeftOutOfTheContentIsNotRead() throws {
        // The row looks like a skippable frame's; the frames after it keep their places.
        let file = file([[1], [2], [3]]) { $0[1].contentBytes = 0 }
        #expect(try content(of: file) == [1, 3])
        let skippable = HandMade.skippable(5, [9, 9])
        let rows = [SeekTable.Row(compressedBytes: UInt32(skippable.count), contentBytes: 2)]
        let error = formatError {
            _ = try content(of: skippable + SeekTable(rows: rows, hasChecksums: false).serialized())
        }
        #expect(error == .seekTableMismatch(row: 0, .contentBytes, table: 2, frame: 0))
    }

    @Test func changedBytesNeverTrapTheReaderAndGiveWhatWasAskedForOrAnError() throws {
        var random = SeededGenerator(for: "changedBytesNeverTrapTheReader")
        let original = file([[1], Array(0..<255), [], [UInt8](repeating: 4, count: 5000)])
        for _ in 0..<3000 {
            var file = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                file[Int.random(in: 0..<file.count, using: &random)] = random.bytes(1)[0]
            }
            guard let reader = try? reader(file), reader.contentBytes > 0, reader.contentBytes < 1 << 40 else {
                continue
            }
            let low = UInt64.random(in: 0..<reader.contentBytes, using: &random)
            let high = min(reader.contentBytes, low + UInt64.random(in: 0...6000, using: &random))
            if let bytes = try? reader.content(in: low..<high, read: reads(of: file)) {
                #expect(bytes.count == Int(high - low))
            }
        }
    }

    // MARK: Sources

    @Test func whatReadThrowsComesThrough() throws {
        #expect(throws: Unreadable.self) { try SeekableReader(fileBytes: 100) { _, _ in throw Unreadable() } }
        let reader = try #require(try reader(FormatFixture.seekable))
        #expect(throws: Unreadable.self) { try reader.content(in: 0..<1) { _, _ in throw Unreadable() } }
    }

    @Test func anAnswerOfAnotherLengthIsAnErrorAndNoTrap() throws {
        let file = FormatFixture.seekable
        let size = UInt64(file.count)
        #expect(formatError { _ = try SeekableReader(fileBytes: size) { _, _ in [] } } == .truncatedFrame(at: size - 9))
        let reader = try #require(try reader(file))
        for answer in [[], Array(file.prefix(61)), Array(file.prefix(63))] {
            #expect(formatError { _ = try reader.content(in: 0..<1) { _, _ in answer } } == .truncatedFrame(at: 0))
        }
    }

    // MARK: The checksum

    @Test func theChecksumIsThatOfLibzstdAtEveryLength() throws {
        var random = SeededGenerator(for: "theChecksumIsThatOfLibzstdAtEveryLength")
        let data = random.bytes(300)
        for count in 0...300 {
            let content = Array(data[..<count])
            let checksum = UInt32(truncatingIfNeeded: content.withUnsafeBytes { XXH64.hash($0) })
            let frame = frame(content, hasChecksum: true)
            #expect(frame.withUnsafeBytes { $0.trailingChecksum } == checksum, "\(count) bytes")
        }
        #expect(
            UInt32(truncatingIfNeeded: XXH64.hash(UnsafeRawBufferPointer(start: nil, count: 0)))
                == SeekTable.emptyChecksum)
    }
}
