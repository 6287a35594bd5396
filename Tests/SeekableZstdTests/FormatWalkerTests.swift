import TestSupport
import Testing

@testable import SeekableZstd

@Suite struct FormatWalkerTests {
    private func walk(_ bytes: [UInt8], at offset: UInt64 = 0) throws -> FrameInfo {
        try bytes.withUnsafeBytes { try FrameWalker.walk($0, at: offset) }
    }

    private func walkError(_ bytes: [UInt8], at offset: UInt64 = 0) -> FormatError? {
        formatError { _ = try walk(bytes, at: offset) }
    }

    private static let checksumOfText: UInt32 = 0xC6D1_DF92

    /// Frames made by the real compressors, and what `zstd -lv` and the definition of the format say about them.
    static let realFrames: [(bytes: [UInt8], info: FrameInfo)] = [
        (
            FormatFixture.emptyInput,
            FrameInfo(
                kind: .zstandard, compressedBytes: 13, contentBytes: 0, hasChecksum: true,
                contentChecksum: SeekTable.emptyChecksum)
        ),
        (
            FormatFixture.oneBlock,
            FrameInfo(
                kind: .zstandard, compressedBytes: 67, contentBytes: 135, contentBound: 135, windowBytes: 135,
                hasChecksum: true, contentChecksum: checksumOfText)
        ),
        (
            FormatFixture.withoutChecksum,
            FrameInfo(
                kind: .zstandard, compressedBytes: 63, contentBytes: 135, contentBound: 135, windowBytes: 135)
        ),
        (
            FormatFixture.withoutContentSize,
            FrameInfo(
                kind: .zstandard, compressedBytes: 67, contentBytes: nil, contentBound: 128 << 10,
                windowBytes: 2 << 20, hasChecksum: true, contentChecksum: checksumOfText)
        ),
        (
            FormatFixture.contentSizeOfTwoBytes,
            FrameInfo(
                kind: .zstandard, compressedBytes: 124, contentBytes: 300, contentBound: 300, windowBytes: 300,
                hasChecksum: true, contentChecksum: 0x2E30_8A9E)
        ),
        (
            FormatFixture.threeBlocks,
            FrameInfo(
                kind: .zstandard, compressedBytes: 91, contentBytes: 300_135, contentBound: 3 * 128 << 10,
                windowBytes: 300_135, hasChecksum: true, contentChecksum: 0x04CF_222B)
        ),
        (
            FormatFixture.longWindow,
            FrameInfo(
                kind: .zstandard, compressedBytes: 33, contentBytes: nil, contentBound: 300_000,
                windowBytes: 128 << 20, hasChecksum: true, contentChecksum: 0x26DE_282D)
        ),
        (
            FormatFixture.withDictionary,
            FrameInfo(
                kind: .zstandard, compressedBytes: 28, contentBytes: 135, contentBound: 135, windowBytes: 135,
                dictionaryID: 70_000, hasChecksum: true, contentChecksum: checksumOfText)
        ),
    ]

    @Test(arguments: realFrames) func framesOfTheRealCompressorAreUnderstood(frame: (bytes: [UInt8], info: FrameInfo))
        throws
    {
        #expect(try walk(frame.bytes) == frame.info)
    }

    @Test(arguments: realFrames) func bytesAfterTheFrameDoNotMatter(frame: (bytes: [UInt8], info: FrameInfo)) throws {
        #expect(try walk(frame.bytes + [1, 2, 3, 4, 5]) == frame.info)
        #expect(try walk(frame.bytes + frame.bytes) == frame.info)
    }

    @Test(arguments: realFrames) func aFrameCutAtAnyByteIsTruncated(frame: (bytes: [UInt8], info: FrameInfo)) {
        for length in 0..<frame.bytes.count {
            #expect(walkError(Array(frame.bytes[..<length]), at: 9) == .truncatedFrame(at: 9), "\(length) bytes")
        }
    }

    @Test(arguments: realFrames) func theDemandsAddUpToTheFrame(frame: (bytes: [UInt8], info: FrameInfo)) throws {
        var walker = FrameWalker()
        var position = 0
        var found: FrameInfo?
        while found == nil {
            position += Int(walker.demand.skip)
            let end = position + walker.demand.take
            try #require(end <= frame.bytes.count, "a demand for bytes behind the frame")
            found = try Array(frame.bytes[position..<end]).withUnsafeBytes { try walker.feed($0) }
            position = end
        }
        #expect(position == frame.bytes.count)
        #expect(found == frame.info)
        #expect(walker.headerInfo?.windowBytes == frame.info.windowBytes)
        #expect(walker.headerInfo?.contentBytes == frame.info.contentBytes)
    }

    @Test func aFileByPzstdIsPairsOfSkippableAndDataFrames() throws {
        let frames = try auditFile(FormatFixture.pzstd)
        #expect(frames.map(\.kind) == [.skippable(0), .zstandard, .skippable(0), .zstandard])
        #expect(frames.map(\.compressedBytes) == [12, 0x56, 12, 0x2F])
        #expect(frames.reduce(0) { $0 + $1.contentBound } >= 3_000_000)
    }

    @Test func theBoundIsExactWithoutCompressedBlocks() throws {
        let frame =
            HandMade.frameStart() + HandMade.rawBlock([1, 2, 3], isLast: false)
            + HandMade.blockHeader(type: 1, size: 70_000, isLast: false) + [9] + HandMade.rawBlock([], isLast: true)
        let info = try walk(frame)
        #expect(info.contentBound == 70_003)
        #expect(info.compressedBytes == UInt64(frame.count))
        #expect(info.contentBytes == nil)
    }

    @Test func aCompressedBlockCountsAsTheSmallerOfWindowAndBlockMaximum() throws {
        let block = HandMade.blockHeader(type: 2, size: 10, isLast: true) + [UInt8](repeating: 0, count: 10)
        #expect(try walk(HandMade.frameStart() + block).contentBound == 128 << 10)
        // A window field of 0 is a window of 1 KiB.
        #expect(try walk([0x28, 0xB5, 0x2F, 0xFD, 0, 0] + block).contentBound == 1 << 10)
    }

    @Test func everyDescriptorGivesTheRightFields() throws {
        for descriptor in UInt8.min...UInt8.max {
            let contentWidth = [descriptor & 0x20 != 0 ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
            let dictionaryWidth = [0, 1, 2, 4][Int(descriptor & 3)]
            let window: [UInt8] = descriptor & 0x20 != 0 ? [] : [0x0B]
            let dictionary = [UInt8]([0x11, 0x22, 0x33, 0x44].prefix(dictionaryWidth))
            let content = [UInt8]([5, 1, 0, 0, 0, 0, 0, 0].prefix(contentWidth))
            let frame =
                [0x28, 0xB5, 0x2F, 0xFD, descriptor] + window + dictionary + content
                + HandMade.rawBlock([1, 2], isLast: true) + (descriptor & 4 != 0 ? [1, 0, 0, 0] : [])
            guard descriptor & 8 == 0 else {
                #expect(walkError(frame, at: 3) == .reservedBit(at: 3))
                continue
            }
            let info = try walk(frame)
            let sizes: [Int: UInt64] = [1: 5, 2: 256 + 261, 4: 261, 8: 261]
            let dictionaries: [Int: UInt32] = [1: 0x11, 2: 0x2211, 4: 0x4433_2211]
            #expect(info.compressedBytes == UInt64(frame.count))
            #expect(info.contentBytes == sizes[contentWidth])
            #expect(info.dictionaryID == dictionaries[dictionaryWidth])
            #expect(info.windowBytes == (window.isEmpty ? sizes[contentWidth] : 2048 + 3 * 256))
            #expect(info.contentChecksum == (descriptor & 4 != 0 ? 1 : nil))
        }
    }

    @Test func theLargestWindowAndContentSizeDoNotOverflow() throws {
        let block = HandMade.rawBlock([], isLast: true)
        #expect(try walk([0x28, 0xB5, 0x2F, 0xFD, 0, 0xFF] + block).windowBytes == 15 << 38)
        let huge = [UInt8](repeating: 0xFF, count: 8)
        let info = try walk([0x28, 0xB5, 0x2F, 0xFD, 0xE0] + huge + block)
        #expect(info.contentBytes == UInt64.max)
        #expect(info.windowBytes == UInt64.max)
        #expect(info.contentBound == 0)
    }

    @Test func aDictionaryFieldOfZeroNamesNoDictionary() throws {
        let frame = [0x28, 0xB5, 0x2F, 0xFD, 0x01, 0x38, 0x00] + HandMade.rawBlock([1], isLast: true)
        #expect(try walk(frame).dictionaryID == nil)
    }

    @Test func aSkippableFrameIsKnownAfterEightBytes() throws {
        var walker = FrameWalker()
        let start: [UInt8] = [0x53, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF]
        #expect(try start[..<4].withUnsafeBytes { try walker.feed($0) } == nil)
        #expect(walker.headerInfo == nil)
        #expect(try start[4...].withUnsafeBytes { try walker.feed($0) } == nil)
        let whole = FrameInfo(kind: .skippable(3), compressedBytes: 8 + 0xFFFF_FFFF, contentBytes: 0)
        #expect(walker.headerInfo == whole)
        #expect(walker.demand == (0xFFFF_FFFF, 0))
        #expect(try [UInt8]().withUnsafeBytes { try walker.feed($0) } == whole)
    }

    @Test func anEmptySkippableFrameNeedsNoLastSkip() throws {
        #expect(try walk(HandMade.skippable(15, [])).compressedBytes == 8)
    }

    @Test func bytesThatAreNotAFrameAreReported() {
        #expect(walkError(Array("hello, world".utf8), at: 77) == .notAFrame(at: 77))
        #expect(walkError([0x1F, 0x8B, 8, 0]) == .notAFrame(at: 0))
        #expect(walkError([0x28, 0xB5, 0x2F, 0xFC, 0, 0]) == .notAFrame(at: 0))
        #expect(walkError([0x60, 0x2A, 0x4D, 0x18, 0, 0]) == .notAFrame(at: 0))
        // Too short for a magic number, and not the beginning of one.
        #expect(walkError([0x28, 0xB4]) == .notAFrame(at: 0))
        #expect(walkError([10]) == .notAFrame(at: 0))
        #expect(walkError([0x5F, 0x2A, 0x4D]) == .truncatedFrame(at: 0))
    }

    @Test func oldFormatsAreNamed() {
        #expect(walkError([0xFD, 0x2F, 0xB5, 0x1E]) == .oldFormat(at: 0, minorVersion: 1))
        for version in 2...7 {
            #expect(
                walkError([0x20 + UInt8(version), 0xB5, 0x2F, 0xFD], at: 5)
                    == .oldFormat(at: 5, minorVersion: version))
        }
    }

    @Test func theReservedBlockTypeIsRefused() {
        let frame = HandMade.frameStart() + HandMade.blockHeader(type: 3, size: 1, isLast: true) + [0]
        #expect(walkError(frame, at: 1) == .reservedBlockType(at: 1))
    }

    @Test(arguments: 0...2) func aBlockOverTheLimitIsRefused(type: Int) throws {
        let limit = 128 << 10
        let body = [UInt8](repeating: 0, count: limit)
        let full = HandMade.frameStart() + HandMade.blockHeader(type: type, size: limit, isLast: true) + body
        #expect(try walk(full).contentBound == UInt64(limit))
        let over = HandMade.frameStart() + HandMade.blockHeader(type: type, size: limit + 1, isLast: true) + body
        #expect(walkError(over) == .blockTooLarge(at: 0, bytes: limit + 1, limit: limit))
        // For a single segment the content is the window, and so the limit.
        let small = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 5] + HandMade.blockHeader(type: type, size: 6, isLast: true) + body
        #expect(walkError(small) == .blockTooLarge(at: 0, bytes: 6, limit: 5))
    }

    @Test func randomBytesNeverTrapTheWalker() {
        var generator = SeededGenerator(for: "randomBytesNeverTrapTheWalker")
        let starts: [[UInt8]] = [
            [], [0x28, 0xB5, 0x2F, 0xFD], [0x5C, 0x2A, 0x4D, 0x18], HandMade.frameStart(hasChecksum: true),
        ]
        for round in 0..<20_000 {
            let bytes = starts[round % 4] + generator.bytes(Int.random(in: 0...40, using: &generator))
            if let info = try? walk(bytes) {
                #expect(info.compressedBytes <= UInt64(bytes.count), "\(bytes)")
            }
        }
    }

    @Test func changedFramesNeverTrapTheWalker() {
        var generator = SeededGenerator(for: "changedFramesNeverTrapTheWalker")
        for (frame, _) in FormatWalkerTests.realFrames {
            for bit in 0..<8 * frame.count {
                let changed = flip(bit: Int.random(in: 0..<8 * frame.count, using: &generator), of: frame)
                if let info = try? walk(flip(bit: bit, of: changed)) {
                    #expect(info.compressedBytes <= UInt64(frame.count))
                }
            }
        }
    }
}
