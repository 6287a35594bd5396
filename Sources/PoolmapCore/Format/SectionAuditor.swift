/// Enforces the rules for reading a file from its beginning, in docs/format.md.
///
/// The reader tells it of each frame in the order of the file, and of the end. It throws at the first frame that
/// breaks a rule, and must not be used after that. Outside of a section it keeps nothing, inside 16 bytes a frame.
///
/// A reader whose frames are decompressed out of order puts the results in order before it tells of them here.
struct SectionAuditor {
    /// A section whose seek table has not come yet.
    private struct OpenSection {
        let start: UInt64
        var frames: SectionFrames
        var checksumTableOffset: UInt64?
    }

    /// What a skippable frame turned out to be.
    private enum Part {
        case opening(FileHeader)
        case checksumTable
        case closing
        case foreign
    }

    /// Where the next frame begins.
    private(set) var offset: UInt64

    private var section: OpenSection?
    private var hasFrame = false

    /// An auditor for the frames from `offset` on, which is outside of a section.
    init(at offset: UInt64 = 0) {
        self.offset = offset
    }

    /// The header of the section that the next frame is in, nil outside of a section.
    ///
    /// Inside one with checksums, data frames must come with the CRC-32C of their bytes.
    var header: FileHeader? {
        section?.frames.header
    }

    /// How many of a skippable frame's first bytes `add(skippable:)` needs.
    ///
    /// `nibble` is the last hexadecimal digit of its magic number. The answer is never more than the frames so far
    /// warrant, whatever length the frame claims to have.
    func bytesWanted(ofSkippable nibble: UInt8, frameBytes: UInt64) -> Int {
        var limit = FrameInfo.skippableHeaderBytes
        if nibble == SkippableFrame.sectionNibble || nibble == SkippableFrame.seekTableNibble {
            limit = FileHeader.byteCount
            if let frames = section?.frames {
                limit = max(
                    limit, ChecksumTable.byteCount(frameCount: frames.dataFrameCount),
                    SeekTable.byteCount(rowCount: frames.rows.count, hasChecksums: frames.header.hasChecksums))
            }
        }
        return Int(min(frameBytes, UInt64(limit)))
    }

    /// Takes the next frame, a skippable one.
    ///
    /// `bytes` are its first bytes, from the magic number, as many as `bytesWanted(ofSkippable:frameBytes:)` says or
    /// more.
    mutating func add(skippable bytes: UnsafeRawBufferPointer) throws(FormatError) {
        guard let frame = SkippableFrame(bytes) else {
            preconditionFailure("not the beginning of a skippable frame")
        }
        let wanted = bytesWanted(ofSkippable: frame.nibble, frameBytes: frame.frameBytes)
        precondition(bytes.count >= wanted, "\(bytes.count) bytes of a skippable frame where \(wanted) are needed")
        switch try part(bytes, of: frame) {
        case .opening(let header):
            section = OpenSection(start: offset, frames: SectionFrames(header: header))
        case .checksumTable:
            section?.frames.addChecksumTable()
            section?.checksumTableOffset = offset
        case .closing:
            section = nil
        case .foreign:
            break
        }
        hasFrame = true
        offset += frame.frameBytes
    }

    /// Takes the next frame, a data frame that was decompressed without an error.
    ///
    /// In a section with checksums its CRC-32C must be there.
    mutating func add(_ frame: DataFrame) throws(FormatError) {
        if let tableOffset = section?.checksumTableOffset {
            throw .misplaced(.checksumTable, at: tableOffset)
        }
        try section?.frames.add(frame, at: offset)
        hasFrame = true
        offset += frame.compressedBytes
    }

    /// Takes the end of the input.
    func finish() throws(FormatError) {
        guard hasFrame else {
            throw .empty
        }
        if let section {
            throw .truncatedSection(at: section.start)
        }
    }
}

extension SectionAuditor {
    private func part(_ bytes: UnsafeRawBufferPointer, of frame: SkippableFrame) throws(FormatError) -> Part {
        guard let section else {
            return try partOutside(bytes, of: frame)
        }
        if frame.nibble == SkippableFrame.seekTableNibble {
            try checkSeekTable(bytes, of: frame, in: section)
            return .closing
        } else if FileHeader.isHeader(bytes) {
            throw .unfinishedSection(at: section.start, next: offset)
        } else if ChecksumTable.isChecksumTable(bytes) {
            try checkChecksumTable(bytes, of: frame, in: section)
            return .checksumTable
        }
        throw .foreignFrame(at: offset)
    }

    private func partOutside(_ bytes: UnsafeRawBufferPointer, of frame: SkippableFrame) throws(FormatError) -> Part {
        if FileHeader.isHeader(bytes) {
            return .opening(try FileHeader.parse(whole(bytes, of: frame, .header), at: offset))
        } else if SkippableFrame.partLetter(of: bytes) != nil {
            throw .headerMissing(before: .checksumTable, at: offset)
        } else if SeekTable.looksLikeOurs(bytes) {
            throw .headerMissing(before: .seekTable, at: offset)
        }
        return .foreign
    }

    private func checkChecksumTable(
        _ bytes: UnsafeRawBufferPointer, of frame: SkippableFrame, in section: OpenSection
    ) throws(FormatError) {
        let frames = section.frames
        guard frames.header.hasChecksums, section.checksumTableOffset == nil, frames.dataFrameCount > 0 else {
            throw .misplaced(.checksumTable, at: offset)
        }
        let table = try ChecksumTable.parse(whole(bytes, of: frame, .checksumTable), at: offset)
        guard table.frameChecksums.count == frames.dataFrameCount else {
            throw .checksumTableMismatch(
                table: UInt32(table.frameChecksums.count), frames: frames.dataFrameCount)
        }
        // The row of the header comes first.
        var frameOffset = section.start + UInt64(FileHeader.byteCount)
        for (index, checksum) in table.frameChecksums.enumerated() {
            guard checksum == frames.frameChecksums[index] else {
                throw .corruptFrame(at: frameOffset)
            }
            frameOffset += UInt64(frames.rows[index + 1].compressedBytes)
        }
    }

    private func checkSeekTable(
        _ bytes: UnsafeRawBufferPointer, of frame: SkippableFrame, in section: OpenSection
    ) throws(FormatError) {
        let frames = section.frames
        let hasChecksumTable = section.checksumTableOffset != nil
        guard frames.dataFrameCount > 0, hasChecksumTable == frames.header.hasChecksums else {
            throw .misplaced(.seekTable, at: offset)
        }
        try checkLength(of: frame, for: frames)
        let table = try whole(bytes, of: frame, .seekTable)
        let shape = try SeekTable.shape(of: table, at: offset)
        guard shape.hasChecksums == frames.header.hasChecksums else {
            throw .damaged(.seekTable, at: offset, .checksumFlag)
        }
        for (index, row) in frames.rows.enumerated() {
            try compare(shape.row(index, of: table), with: row, at: index)
        }
    }

    /// Checks the length of a seek table before its bytes, which are not all there if it is too long.
    private func checkLength(of frame: SkippableFrame, for frames: SectionFrames) throws(FormatError) {
        let hasChecksums = frames.header.hasChecksums
        let fixedBytes = UInt64(SeekTable.byteCount(rowCount: 0, hasChecksums: hasChecksums))
        let rowBytes = UInt64(SeekTable.rowBytes(hasChecksums: hasChecksums))
        guard frame.frameBytes >= fixedBytes, (frame.frameBytes - fixedBytes) % rowBytes == 0 else {
            throw .damaged(.seekTable, at: offset, .length)
        }
        let rowCount = (frame.frameBytes - fixedBytes) / rowBytes
        guard rowCount == UInt64(frames.rows.count) else {
            throw .seekTableLength(rows: rowCount, frames: frames.rows.count)
        }
    }

    private func compare(_ row: SeekTable.Row, with frame: SeekTable.Row, at index: Int) throws(FormatError) {
        guard row.compressedBytes == frame.compressedBytes else {
            throw .seekTableMismatch(
                row: index, .compressedBytes, table: row.compressedBytes, frame: frame.compressedBytes)
        }
        guard row.contentBytes == frame.contentBytes else {
            throw .seekTableMismatch(row: index, .contentBytes, table: row.contentBytes, frame: frame.contentBytes)
        }
        guard row.checksum == frame.checksum else {
            throw .seekTableMismatch(row: index, .checksum, table: row.checksum, frame: frame.checksum)
        }
    }

    /// The bytes of the frame, which are not all there only if it is longer than it could rightly be.
    private func whole(
        _ bytes: UnsafeRawBufferPointer, of frame: SkippableFrame, _ part: FormatError.Part
    ) throws(FormatError) -> UnsafeRawBufferPointer {
        guard UInt64(bytes.count) >= frame.frameBytes else {
            throw .damaged(part, at: offset, .length)
        }
        return bytes.bytes(in: 0..<Int(frame.frameBytes))
    }
}
