import Ground

/// What a section records about a data frame.
public struct DataFrame: BitwiseCopyable, Equatable, Sendable {
    /// The length of the frame.
    public var compressedBytes: UInt64
    /// The actual size of its content, as counted when it was compressed or decompressed.
    public var contentBytes: UInt64
    /// The content checksum at the end of the frame; nil if there is none.
    public var contentChecksum: UInt32?
    /// The CRC-32C of the compressed bytes; needed only in a section with checksums.
    public var crc32c: UInt32?
    /// The mark of a section's first frame; nil for other frames.
    public var mark: SectionMark?

    /// Creates a data frame from its numbers.
    package init(
        compressedBytes: UInt64, contentBytes: UInt64, contentChecksum: UInt32? = nil, crc32c: UInt32? = nil,
        mark: SectionMark? = nil
    ) {
        self.compressedBytes = compressedBytes
        self.contentBytes = contentBytes
        self.contentChecksum = contentChecksum
        self.crc32c = crc32c
        self.mark = mark
    }

    /// Examines the data frame that fills `bytes`; `contentBytes` is the size of its content.
    ///
    /// Throws if the bytes are not one frame with content.
    public init(_ bytes: UnsafeRawBufferPointer, contentBytes: UInt64) throws(FormatError) {
        let frame = try FrameWalker.walk(bytes)
        guard frame.kind == .zstandard, frame.compressedBytes == UInt64(bytes.count) else { throw .notAFrame(at: 0) }
        self.init(
            compressedBytes: frame.compressedBytes, contentBytes: contentBytes, contentChecksum: frame.contentChecksum,
            crc32c: CRC32C.checksum(of: bytes), mark: frame.mark)
    }
}

/// The frames of one section so far, and the rules for them.
///
/// Writer and reader share it, so neither can be stricter than the other. It keeps 16 bytes a frame. A reader keeps at
/// most `rowsOfReader` of them, and one digest of the rest.
package struct SectionFrames {
    /// The rules given by the first frame.
    package let rules: SectionRules

    /// A row for each frame; for a reader only the first ones.
    package private(set) var rows: [SeekTable.Row] = []

    /// The CRC-32C of each data frame in a section with checksums; for a reader only the first ones.
    package private(set) var frameChecksums: [UInt32] = []

    /// The digest of the rows not kept.
    private(set) var restOfRows = RowDigest()

    /// The digest of the checksums not kept.
    private(set) var restOfChecksums = RowDigest()

    /// The number of rows, kept or not.
    package private(set) var rowCount = 0

    /// The number of data frames.
    private(set) var dataFrameCount = 0

    /// The sum of the lengths of all frames.
    package private(set) var compressedBytes: UInt64 = 0

    /// The last row added.
    private var last: SeekTable.Row?

    private let rowLimit: Int
    private let keptRows: Int

    /// How many rows a reader keeps: enough to say what is wrong with each, while the file cannot demand more memory.
    static let rowsOfReader = 1 << 19

    /// Begins a section with its first frame, which must have a mark, at `offset`.
    ///
    /// Tests lower `rowLimit`.
    package init(
        opening frame: DataFrame, at offset: UInt64, rowLimit: Int = SeekTable.maximumRows, keptRows: Int = .max
    ) throws(FormatError) {
        let hasChecksums = frame.contentChecksum != nil
        guard let rules = SectionRules(mark: frame.mark, contentBytes: frame.contentBytes, hasChecksums: hasChecksums)
        else {
            throw .wrongContent(at: offset, found: frame.contentBytes)
        }
        self.rules = rules
        self.rowLimit = rowLimit
        self.keptRows = keptRows
        try add(frame, at: offset)
    }

    /// Adds the data frame at `offset`.
    ///
    /// In a section with checksums the frame must have its CRC-32C, unless only the structure is checked.
    package mutating func add(_ frame: DataFrame, at offset: UInt64) throws(FormatError) {
        // The section table needs a row too.
        guard rowCount < rowLimit - 1 else {
            throw .tooManyFrames(limit: rowLimit)
        }
        try checkContent(of: frame, at: offset)
        guard let compressedBytes = UInt32(exactly: frame.compressedBytes) else {
            throw .frameTooLarge(at: offset, compressedBytes: frame.compressedBytes)
        }
        if rules.hasChecksums {
            append(checksum: frame.crc32c ?? 0)
        }
        append(
            SeekTable.Row(
                compressedBytes: compressedBytes, contentBytes: UInt32(frame.contentBytes),
                checksum: frame.contentChecksum ?? 0))
        dataFrameCount += 1
    }

    /// The section table for the data frames.
    package var sectionTable: SectionTable {
        let fields = SectionTable.Fields(
            frameCount: dataFrameCount, hasChecksums: rules.hasChecksums, hasAnyChunks: rules.chunkBytes == nil)
        return SectionTable(fields, frameChecksums)
    }

    /// Adds the row of the section table.
    package mutating func addSectionTable() {
        append(SectionTable.row(frameCount: dataFrameCount, hasChecksums: rules.hasChecksums))
    }

    private mutating func append(_ row: SeekTable.Row) {
        if rows.count < keptRows {
            rows.append(row)
        } else {
            restOfRows.add(row)
        }
        rowCount += 1
        last = row
        compressedBytes += UInt64(row.compressedBytes)
    }

    private mutating func append(checksum: UInt32) {
        if frameChecksums.count < keptRows {
            frameChecksums.append(checksum)
        } else {
            restOfChecksums.add(checksum)
        }
    }

    private func checkContent(of frame: DataFrame, at offset: UInt64) throws(FormatError) {
        if let chunkBytes = rules.chunkBytes {
            // A shorter chunk was allowed only as the last, and it was not.
            if let last, last.contentBytes != chunkBytes {
                throw .wrongContentSize(
                    at: offset - UInt64(last.compressedBytes), found: UInt64(last.contentBytes), chunkBytes: chunkBytes)
            }
            guard 1...UInt64(chunkBytes) ~= frame.contentBytes else {
                throw .wrongContentSize(at: offset, found: frame.contentBytes, chunkBytes: chunkBytes)
            }
        }
        guard 1...UInt64(UInt32.max) ~= frame.contentBytes else {
            throw .wrongContent(at: offset, found: frame.contentBytes)
        }
        guard rules.hasChecksums == (frame.contentChecksum != nil) else {
            throw rules.hasChecksums
                ? .contentChecksumMissing(at: offset) : .contentChecksumUnexpected(at: offset)
        }
    }
}
