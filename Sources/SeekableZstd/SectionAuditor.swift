import Ground

/// Enforces the rules of docs/format.md for reading a file from its beginning.
///
/// The reader reports each frame in file order, and the end. The auditor throws at the first frame that breaks a rule,
/// and must not be used after that. Outside a section it keeps nothing; inside one, 16 bytes for each of up to
/// `SectionFrames.rowsOfReader` frames.
///
/// A reader that decompresses frames out of order must put the results in order before it reports them.
public struct SectionAuditor {
    /// A section whose seek table has not been read yet.
    private struct OpenSection {
        let start: UInt64
        var frames: SectionFrames
        var sectionTableOffset: UInt64?
    }

    /// Where the next frame begins.
    public private(set) var offset: UInt64

    private var section: OpenSection?
    private var hasFrame = false
    /// Whether there was a frame since the last section, or since the beginning if there was none.
    private var hasFrameOutside = false
    /// The table being read, and the offset of the frame after it.
    private var table: (check: TableCheck, kind: TableCheck.Kind, end: UInt64)?
    private let seesFrames: Bool
    private let keptRows: Int

    /// Creates an auditor for the frames from `offset` on, which must be outside a section.
    public init(at offset: UInt64 = 0) {
        self.init(at: offset, seesFrames: true)
    }

    /// Creates an auditor with limits of its own.
    ///
    /// - Parameters:
    ///   - seesFrames: false if only headers and tables are examined and the frames' CRC-32C is unknown.
    ///   - keptRows: how many rows to keep; tests lower it.
    package init(at offset: UInt64 = 0, seesFrames: Bool, keptRows: Int = SectionFrames.rowsOfReader) {
        self.offset = offset
        self.seesFrames = seesFrames
        self.keptRows = keptRows
    }

    /// Whether the next frame is inside a section.
    ///
    /// In a section with checksums, data frames must be reported with the CRC-32C of their bytes.
    public var isInSection: Bool {
        section != nil
    }

    /// How many of a skippable frame's first bytes `add(skippable:)` needs.
    ///
    /// `nibble` is the last hexadecimal digit of its magic number. The result never exceeds what the frames so far
    /// require, whatever length the frame claims.
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

    /// Reports the next frame, a skippable one.
    ///
    /// `bytes` are its first bytes, from the magic number on: at least `bytesWanted(ofSkippable:frameBytes:)` of them.
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

    /// How many bytes of a skippable frame, or all of a shorter one, show what it is.
    public static let beginningBytes = SectionTable.rowsOffset

    /// How many bytes of the current table are missing.
    ///
    /// They must be fed, in pieces of any size, before the next frame is reported.
    public var missingBytes: Int {
        table?.check.missingBytes ?? 0
    }

    /// Reports the next frame, a skippable one, by its first `beginningBytes`, or all of a shorter one.
    ///
    /// More bytes are needed only if `missingBytes` says so afterwards.
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

    /// Takes the next bytes of a table, at most as many as are missing.
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

    /// Reports the next frame, a data frame that decompressed without an error.
    ///
    /// In a section with checksums it must have its CRC-32C.
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

    /// Reports the end of the input.
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
    /// Rejects a table that must belong to a section, and a seek table with rows but no frames before it.
    private func checkOutside(_ frame: SkippableFrame, _ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        if SectionTable.isSectionTable(bytes) {
            throw .firstFrameMissing(before: .sectionTable, at: offset)
        }
        let hasRows = frame.frameBytes > UInt64(SeekTable.byteCount(rowCount: 0, hasChecksums: false))
        if frame.nibble == SkippableFrame.seekTableNibble, hasRows, !hasFrameOutside {
            throw .firstFrameMissing(before: .seekTable, at: offset)
        }
    }

    /// Which of the section's tables the skippable frame that begins with `bytes` is.
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

    /// Checks the length of a seek table before its bytes, which are incomplete if it is too long.
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
