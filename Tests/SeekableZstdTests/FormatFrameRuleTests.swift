import TestSupport
import Testing

@testable import SeekableZstd

/// The rules for a data frame in a section, which are the same for writing and reading.
@Suite struct FormatFrameRuleTests {
    /// A section whose first frame has 20 bytes of content.
    private func frames(
        _ mark: SectionMark = .equalChunks, hasChecksums: Bool = true, chunkBytes: UInt64 = 100,
        rowLimit: Int = SeekTable.maximumRows
    ) throws -> SectionFrames {
        try SectionFrames(
            opening: frame(chunkBytes, hasChecksum: hasChecksums, mark: mark), at: 0, rowLimit: rowLimit)
    }

    private func frame(
        _ contentBytes: UInt64, compressedBytes: UInt64 = 20, hasChecksum: Bool = true, mark: SectionMark? = nil
    ) -> DataFrame {
        DataFrame(
            compressedBytes: compressedBytes, contentBytes: contentBytes, contentChecksum: hasChecksum ? 1 : nil,
            crc32c: 2, mark: mark)
    }

    @Test func onlyTheLastFrameMayBeShort() throws {
        var frames = try frames()
        try frames.add(frame(99), at: 20)
        #expect(
            formatError { try frames.add(frame(100), at: 40) }
                == .wrongContentSize(at: 20, found: 99, chunkBytes: 100))
    }

    @Test func noFrameMayBeEmpty() throws {
        for mark in [SectionMark.equalChunks, .anyChunks] {
            var frames = try frames(mark)
            #expect(formatError { try frames.add(frame(0), at: 20) } != nil)
            #expect(formatError { _ = try self.frames(mark, chunkBytes: 0) } == .wrongContent(at: 0, found: 0))
        }
    }

    @Test func noFrameMayHaveMoreThanTheChunkSize() throws {
        var frames = try frames()
        #expect(
            formatError { try frames.add(frame(101), at: 20) }
                == .wrongContentSize(at: 20, found: 101, chunkBytes: 100))
        #expect(formatError { try frames.add(frame(UInt64.max), at: 20) } != nil)
    }

    @Test func framesOfAnySizeAreAllowedWhereTheMarkSaysSo() throws {
        var frames = try frames(.anyChunks)
        for size: UInt64 in [1, 500, 3, UInt64(UInt32.max)] { try frames.add(frame(size), at: 20) }
        let tooMuch = UInt64(UInt32.max) + 1
        #expect(formatError { try frames.add(frame(tooMuch), at: 20) } == .wrongContent(at: 20, found: tooMuch))
        #expect(formatError { _ = try self.frames(.anyChunks, chunkBytes: tooMuch) } != nil)
    }

    @Test func contentChecksumsAreThereOrNotAsInTheFirstFrame() throws {
        var with = try frames()
        #expect(
            formatError { try with.add(frame(1, hasChecksum: false), at: 20) } == .contentChecksumMissing(at: 20))
        var without = try frames(hasChecksums: false)
        #expect(formatError { try without.add(frame(1), at: 20) } == .contentChecksumUnexpected(at: 20))
    }

    @Test func aFrameLongerThanARowCanSayIsRefused() throws {
        var frames = try frames()
        let limit = UInt64(UInt32.max)
        try frames.add(frame(100, compressedBytes: limit), at: 20)
        #expect(
            formatError { try frames.add(frame(100, compressedBytes: limit + 1), at: 20 + limit) }
                == .frameTooLarge(at: 20 + limit, compressedBytes: limit + 1))
        #expect(frames.compressedBytes == 20 + limit)
    }

    @Test(arguments: [true, false]) func theRowLimitHasRoomForTheSectionTable(hasChecksums: Bool) throws {
        var frames = try frames(hasChecksums: hasChecksums, rowLimit: 5)
        for _ in 0..<3 {
            try frames.add(frame(100, hasChecksum: hasChecksums), at: frames.compressedBytes)
        }
        #expect(
            formatError { try frames.add(frame(100, hasChecksum: hasChecksums), at: 200) } == .tooManyFrames(limit: 5))
        frames.addSectionTable()
        #expect(frames.rows.count == 5)
    }

    @Test func aFrameThatWasRefusedLeavesNoTrace() throws {
        var writer = SectionWriter()
        try writer.add(frame(100, mark: .equalChunks))
        #expect(formatError { try writer.add(frame(101)) } != nil)
        #expect(writer.compressedBytes == 20)
        var other = SectionWriter()
        try other.add(frame(100, mark: .equalChunks))
        #expect(writer.finish() == other.finish())
    }

    @Test func nothingFollowsAPlainFrame() throws {
        var writer = SectionWriter()
        try writer.add(frame(0))
        #expect(writer.compressedBytes == 20)
        #expect(writer.finish().isEmpty)
    }
}
