import Testing

@testable import PoolmapCore

/// What a data frame must be to have a place in a section: the same rules for writing and reading.
@Suite struct FormatFrameRuleTests {
    private func frames(
        hasChecksums: Bool = true, chunkBytes: UInt32 = 100, rowLimit: Int = SeekTable.maximumRows
    ) -> SectionFrames {
        SectionFrames(
            header: FileHeader(chunkBytes: chunkBytes, hasChecksums: hasChecksums), rowLimit: rowLimit)
    }

    private func frame(_ contentBytes: UInt64, compressedBytes: UInt64 = 20, hasChecksum: Bool = true) -> DataFrame {
        DataFrame(
            compressedBytes: compressedBytes, contentBytes: contentBytes, contentChecksum: hasChecksum ? 1 : nil,
            crc32c: 2)
    }

    @Test func onlyTheLastFrameMayBeShort() throws {
        var frames = frames()
        try frames.add(frame(100), at: 44)
        try frames.add(frame(99), at: 64)
        #expect(
            formatError { try frames.add(frame(100), at: 84) }
                == .wrongContentSize(at: 64, found: 99, chunkBytes: 100))
    }

    @Test func onlyTheOnlyFrameMayBeEmpty() throws {
        var frames = frames()
        try frames.add(frame(100), at: 44)
        #expect(
            formatError { try frames.add(frame(0), at: 64) } == .wrongContentSize(at: 64, found: 0, chunkBytes: 100))
        var empty = self.frames()
        try empty.add(frame(0), at: 44)
        #expect(
            formatError { try empty.add(frame(1), at: 64) } == .wrongContentSize(at: 44, found: 0, chunkBytes: 100))
    }

    @Test func noFrameMayHaveMoreThanTheChunkSize() {
        var frames = frames()
        #expect(
            formatError { try frames.add(frame(101), at: 44) }
                == .wrongContentSize(at: 44, found: 101, chunkBytes: 100))
        #expect(formatError { try frames.add(frame(UInt64.max), at: 44) } != nil)
    }

    @Test func contentChecksumsAreThereOrNotAsTheHeaderSays() {
        var with = frames()
        #expect(
            formatError { try with.add(frame(1, hasChecksum: false), at: 44) } == .contentChecksumMissing(at: 44))
        var without = frames(hasChecksums: false)
        #expect(formatError { try without.add(frame(1), at: 44) } == .contentChecksumUnexpected(at: 44))
    }

    @Test func aFrameLongerThanARowCanSayIsRefused() throws {
        var frames = frames()
        let limit = UInt64(UInt32.max)
        try frames.add(frame(100, compressedBytes: limit), at: 44)
        #expect(
            formatError { try frames.add(frame(100, compressedBytes: limit + 1), at: 44 + limit) }
                == .frameTooLarge(at: 44 + limit, compressedBytes: limit + 1))
        #expect(frames.compressedBytes == 44 + limit)
    }

    @Test(arguments: [true, false]) func theRowLimitHasRoomForTheSectionTable(hasChecksums: Bool) throws {
        var frames = frames(hasChecksums: hasChecksums, rowLimit: 5)
        for _ in 0..<(hasChecksums ? 3 : 4) {
            try frames.add(frame(100, hasChecksum: hasChecksums), at: frames.compressedBytes)
        }
        #expect(
            formatError { try frames.add(frame(100, hasChecksum: hasChecksums), at: 200) } == .tooManyFrames(limit: 5))
        if hasChecksums {
            frames.addSectionTable()
        }
        #expect(frames.rows.count == 5)
    }

    @Test func aFrameThatWasRefusedLeavesNoTrace() throws {
        var writer = SectionWriter(chunkBytes: 100, hasChecksums: true)
        try writer.add(frame(100))
        #expect(formatError { try writer.add(frame(101)) } != nil)
        #expect(writer.compressedBytes == 64)
        var other = SectionWriter(chunkBytes: 100, hasChecksums: true)
        try other.add(frame(100))
        #expect(writer.finish() == other.finish())
    }
}
