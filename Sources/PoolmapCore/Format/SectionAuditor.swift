/// Enforces the rules for reading a file from its beginning, in docs/format.md.
///
/// The reader tells it of each frame in the order of the file, and of the end. It throws at the first frame that
/// breaks a rule, and must not be used after that. Outside of a section it keeps nothing, inside 16 bytes a frame, up to
/// `SectionFrames.rowsOfReader` frames.
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
        case table(TableCheck.Kind)
        case foreign
    }

    /// Where the next frame begins.
    private(set) var offset: UInt64

    private var section: OpenSection?
    private var hasFrame = false
    /// The table that has begun, and where the frame behind it begins.
    private var table: (check: TableCheck, kind: TableCheck.Kind, end: UInt64)?
    private let seesFrames: Bool
    private let keptRows: Int

    /// An auditor for the frames from `offset` on, which is outside of a section.
    ///
    /// - Parameters:
    ///   - seesFrames: false where only what the frames say of themselves is looked at, and nobody knows the CRC-32C of
    ///     their bytes.
    ///   - keptRows: can be lowered by a test.
    init(at offset: UInt64 = 0, seesFrames: Bool = true, keptRows: Int = SectionFrames.rowsOfReader) {
        self.offset = offset
        self.seesFrames = seesFrames
        self.keptRows = keptRows
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
                    SeekTable.byteCount(rowCount: frames.rowCount, hasChecksums: frames.header.hasChecksums))
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
        try begin(skippable: bytes.bytes(in: 0..<min(bytes.count, SectionAuditor.beginningBytes)))
        if missingBytes > 0 {
            let start = SectionAuditor.beginningBytes
            try feed(bytes.bytes(in: start..<start + missingBytes))
        }
    }

    /// Of a skippable frame so many bytes say what it is, or all that it has.
    static let beginningBytes = FileHeader.byteCount

    /// The bytes of the table that has begun and is not whole: they are to be fed, in pieces of any size, before the
    /// next frame is told of.
    var missingBytes: Int {
        table?.check.missingBytes ?? 0
    }

    /// Takes the first `beginningBytes` of the next frame, a skippable one, or all of it.
    ///
    /// The rest is wanted only as far as `missingBytes` says then.
    mutating func begin(skippable bytes: UnsafeRawBufferPointer) throws(FormatError) {
        guard let frame = SkippableFrame(bytes) else {
            preconditionFailure("not the beginning of a skippable frame")
        }
        hasFrame = true
        switch try part(bytes, of: frame) {
        case .opening(let header):
            section = OpenSection(start: offset, frames: SectionFrames(header: header, keptRows: keptRows))
        case .table(let kind):
            guard let section else { return }
            let check = TableCheck(
                kind, at: offset, frameBytes: Int(frame.frameBytes),
                hasChecksums: section.frames.header.hasChecksums, sectionStart: section.start)
            table = (check, kind, offset + frame.frameBytes)
            return try feed(bytes.bytes(in: 0..<min(bytes.count, check.missingBytes)))
        case .foreign:
            break
        }
        offset += frame.frameBytes
    }

    /// Takes the next bytes of a table, no more than are missing.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        guard let frames = section?.frames else { return }
        table?.check.feed(bytes, frames)
        guard let whole = table, whole.check.missingBytes == 0 else { return }
        table = nil
        try whole.check.finish(frames, comparesFrames: seesFrames)
        switch whole.kind {
        case .checksumTable:
            section?.frames.addChecksumTable()
            section?.checksumTableOffset = offset
        case .seekTable:
            section = nil
        }
        offset = whole.end
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
            try checkSeekTable(frame, in: section)
            return .table(.seekTable)
        } else if FileHeader.isHeader(bytes) {
            throw .unfinishedSection(at: section.start, next: offset)
        } else if ChecksumTable.isChecksumTable(bytes) {
            try checkChecksumTable(frame, in: section)
            return .table(.checksumTable)
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

    private func checkChecksumTable(_ frame: SkippableFrame, in section: OpenSection) throws(FormatError) {
        guard section.frames.header.hasChecksums, section.checksumTableOffset == nil,
            section.frames.dataFrameCount > 0
        else {
            throw .misplaced(.checksumTable, at: offset)
        }
        let most = bytesWanted(ofSkippable: frame.nibble, frameBytes: frame.frameBytes)
        guard frame.frameBytes <= UInt64(most), frame.frameBytes % 4 == 0,
            frame.frameBytes >= UInt64(ChecksumTable.byteCount(frameCount: 0))
        else {
            throw .damaged(.checksumTable, at: offset, .length)
        }
    }

    private func checkSeekTable(_ frame: SkippableFrame, in section: OpenSection) throws(FormatError) {
        let hasChecksumTable = section.checksumTableOffset != nil
        guard section.frames.dataFrameCount > 0, hasChecksumTable == section.frames.header.hasChecksums else {
            throw .misplaced(.seekTable, at: offset)
        }
        try checkLength(of: frame, for: section.frames)
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
        guard rowCount == UInt64(frames.rowCount) else {
            throw .seekTableLength(rows: rowCount, frames: frames.rowCount)
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
