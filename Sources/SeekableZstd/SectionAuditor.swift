import Ground

/// Enforces the rules for reading a file from its beginning, in docs/format.md.
///
/// The reader tells it of each frame in the order of the file, and of the end. It throws at the first frame that
/// breaks a rule, and must not be used after that. Outside of a section it keeps nothing, inside 16 bytes a frame, up to
/// `SectionFrames.rowsOfReader` frames.
///
/// A reader whose frames are decompressed out of order puts the results in order before it tells of them here.
public struct SectionAuditor {
    /// A section whose seek table has not come yet.
    private struct OpenSection {
        let start: UInt64
        var frames: SectionFrames
        var sectionTableOffset: UInt64?
    }

    /// Where the next frame begins.
    public private(set) var offset: UInt64

    private var section: OpenSection?
    private var hasFrame = false
    /// Whether there was a frame since the last section, or since the beginning.
    private var hasFrameOutside = false
    /// The table that has begun, and where the frame behind it begins.
    private var table: (check: TableCheck, kind: TableCheck.Kind, end: UInt64)?
    private let seesFrames: Bool
    private let keptRows: Int

    /// An auditor for the frames from `offset` on, which is outside of a section.
    public init(at offset: UInt64 = 0) {
        self.init(at: offset, seesFrames: true)
    }

    /// The same.
    ///
    /// - Parameters:
    ///   - seesFrames: false where only what the frames say of themselves is looked at, and nobody knows the CRC-32C of
    ///     their bytes.
    ///   - keptRows: can be lowered by a test.
    package init(at offset: UInt64 = 0, seesFrames: Bool, keptRows: Int = SectionFrames.rowsOfReader) {
        self.offset = offset
        self.seesFrames = seesFrames
        self.keptRows = keptRows
    }

    /// Whether the next frame is in a section.
    ///
    /// Inside one with checksums, data frames must come with the CRC-32C of their bytes.
    public var isInSection: Bool {
        section != nil
    }

    /// How many of a skippable frame's first bytes `add(skippable:)` needs.
    ///
    /// `nibble` is the last hexadecimal digit of its magic number. The answer is never more than the frames so far
    /// warrant, whatever length the frame claims to have.
    public func bytesWanted(ofSkippable nibble: UInt8, frameBytes: UInt64) -> Int {
        var limit = FrameInfo.skippableHeaderBytes
        if nibble == SkippableFrame.sectionNibble || nibble == SkippableFrame.seekTableNibble {
            limit = SectionAuditor.beginningBytes
            if let frames = section?.frames {
                let hasChecksums = frames.rules.hasChecksums
                limit = max(
                    limit, SectionTable.byteCount(frameCount: frames.dataFrameCount, hasChecksums: hasChecksums),
                    SeekTable.byteCount(rowCount: frames.rowCount, hasChecksums: hasChecksums))
            }
        }
        return Int(min(frameBytes, UInt64(limit)))
    }

    /// Takes the next frame, a skippable one.
    ///
    /// `bytes` are its first bytes, from the magic number, as many as `bytesWanted(ofSkippable:frameBytes:)` says or
    /// more.
    public mutating func add(skippable bytes: UnsafeRawBufferPointer) throws(FormatError) {
        guard let frame = SkippableFrame(bytes) else {
            preconditionFailure("not the beginning of a skippable frame")
        }
        let wanted = bytesWanted(ofSkippable: frame.nibble, frameBytes: frame.frameBytes)
        precondition(bytes.count >= wanted, "\(bytes.count) bytes of a skippable frame where \(wanted) are needed")
        try begin(skippable: bytes.bytes(in: 0..<min(bytes.count, SectionAuditor.beginningBytes)))
        if missingBytes > 0 {
            let start = SectionAuditor.beginningBytes
            try feed(bytes.bytes(in: start..<start + missingBytes))
        }
    }

    /// Of a skippable frame so many bytes say what it is, or all that it has.
    public static let beginningBytes = SectionTable.rowsOffset

    /// The bytes of the table that has begun and is not whole: they are to be fed, in pieces of any size, before the
    /// next frame is told of.
    public var missingBytes: Int {
        table?.check.missingBytes ?? 0
    }

    /// Takes the first `beginningBytes` of the next frame, a skippable one, or all of it.
    ///
    /// The rest is wanted only as far as `missingBytes` says then.
    public mutating func begin(skippable bytes: UnsafeRawBufferPointer) throws(FormatError) {
        guard let frame = SkippableFrame(bytes) else {
            preconditionFailure("not the beginning of a skippable frame")
        }
        hasFrame = true
        guard let section else {
            try checkOutside(frame, bytes)
            hasFrameOutside = true
            offset += frame.frameBytes
            return
        }
        let kind = try kind(of: frame, bytes, in: section)
        let check = TableCheck(
            kind, at: offset, frameBytes: Int(frame.frameBytes),
            hasChecksums: section.frames.rules.hasChecksums, sectionStart: section.start)
        table = (check, kind, offset + frame.frameBytes)
        try feed(bytes.bytes(in: 0..<min(bytes.count, check.missingBytes)))
    }

    /// Takes the next bytes of a table, no more than are missing.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        guard let frames = section?.frames else { return }
        table?.check.feed(bytes, frames)
        guard let whole = table, whole.check.missingBytes == 0 else { return }
        table = nil
        try whole.check.finish(frames, comparesFrames: seesFrames)
        switch whole.kind {
        case .sectionTable:
            section?.frames.addSectionTable()
            section?.sectionTableOffset = offset
        case .seekTable:
            section = nil
            hasFrameOutside = false
        }
        offset = whole.end
    }

    /// Takes the next frame, a data frame that was decompressed without an error.
    ///
    /// In a section with checksums its CRC-32C must be there.
    public mutating func add(_ frame: DataFrame) throws(FormatError) {
        if let tableOffset = section?.sectionTableOffset {
            throw .misplaced(.sectionTable, at: tableOffset)
        }
        if let start = section?.start {
            guard frame.mark == nil else {
                throw .unfinishedSection(at: start, next: offset)
            }
            try section?.frames.add(frame, at: offset)
        } else if frame.mark != nil {
            let frames = try SectionFrames(opening: frame, at: offset, keptRows: keptRows)
            section = OpenSection(start: offset, frames: frames)
        } else {
            hasFrameOutside = true
        }
        hasFrame = true
        offset += frame.compressedBytes
    }

    /// Takes the end of the input.
    public func finish() throws(FormatError) {
        guard hasFrame else {
            throw .empty
        }
        if let section {
            throw .truncatedSection(at: section.start)
        }
    }
}

extension SectionAuditor {
    /// Refuses a table that must have been a section's, or another seek table that no frame is before.
    private func checkOutside(_ frame: SkippableFrame, _ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        if SectionTable.isSectionTable(bytes) {
            throw .firstFrameMissing(before: .sectionTable, at: offset)
        }
        let hasRows = frame.frameBytes > UInt64(SeekTable.byteCount(rowCount: 0, hasChecksums: false))
        if frame.nibble == SkippableFrame.seekTableNibble, hasRows, !hasFrameOutside {
            throw .firstFrameMissing(before: .seekTable, at: offset)
        }
    }

    /// Which of a section's tables a skippable frame is that begins with `bytes`.
    private func kind(
        of frame: SkippableFrame, _ bytes: UnsafeRawBufferPointer, in section: OpenSection
    ) throws(FormatError) -> TableCheck.Kind {
        if frame.nibble == SkippableFrame.seekTableNibble {
            try checkSeekTable(frame, in: section)
            return .seekTable
        } else if SectionTable.isSectionTable(bytes) {
            try checkSectionTable(frame, in: section)
            return .sectionTable
        }
        throw .foreignFrame(at: offset)
    }

    private func checkSectionTable(_ frame: SkippableFrame, in section: OpenSection) throws(FormatError) {
        guard section.sectionTableOffset == nil else {
            throw .misplaced(.sectionTable, at: offset)
        }
        let most = bytesWanted(ofSkippable: frame.nibble, frameBytes: frame.frameBytes)
        guard frame.frameBytes <= UInt64(most), frame.frameBytes % 4 == 0,
            frame.frameBytes >= UInt64(SectionTable.fixedBytes)
        else {
            throw .damaged(.sectionTable, at: offset, .length)
        }
    }

    private func checkSeekTable(_ frame: SkippableFrame, in section: OpenSection) throws(FormatError) {
        guard section.sectionTableOffset != nil else {
            throw .misplaced(.seekTable, at: offset)
        }
        try checkLength(of: frame, for: section.frames)
    }

    /// Checks the length of a seek table before its bytes, which are not all there if it is too long.
    private func checkLength(of frame: SkippableFrame, for frames: SectionFrames) throws(FormatError) {
        let hasChecksums = frames.rules.hasChecksums
        let fixedBytes = UInt64(SeekTable.byteCount(rowCount: 0, hasChecksums: hasChecksums))
        let rowBytes = UInt64(SeekTable.rowBytes(hasChecksums: hasChecksums))
        guard frame.frameBytes >= fixedBytes, (frame.frameBytes - fixedBytes) % rowBytes == 0 else {
            throw .damaged(.seekTable, at: offset, .length)
        }
        let rowCount = (frame.frameBytes - fixedBytes) / rowBytes
        guard rowCount == UInt64(frames.rowCount) else {
            throw .seekTableLength(rows: rowCount, frames: frames.rowCount)
        }
    }
}
