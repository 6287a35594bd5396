import Ground

/// What a section needs to know of a data frame.
public struct DataFrame: BitwiseCopyable, Equatable, Sendable {
    /// The length of the frame.
    public var compressedBytes: UInt64
    /// The size of its content, as it really is: counted by who compressed or decompressed it.
    public var contentBytes: UInt64
    /// The content checksum at the end of the frame, nil if there is none.
    public var contentChecksum: UInt32?
    /// The CRC-32C of the compressed bytes, which only a section with checksums needs.
    public var crc32c: UInt32?
    /// What says that it is the first of a section, nil of any other.
    public var mark: SectionMark?

    /// A data frame by its numbers.
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

    /// The data frame that is in `bytes`, which has so much content, and nothing else is there.
    ///
    /// Throws where it is none, or ends elsewhere.
    public init(_ bytes: UnsafeRawBufferPointer, contentBytes: UInt64) throws(FormatError) {
        let frame = try FrameWalker.walk(bytes)
        guard frame.kind == .zstandard, frame.compressedBytes == UInt64(bytes.count) else { throw .notAFrame(at: 0) }
        self.init(
            compressedBytes: frame.compressedBytes, contentBytes: contentBytes, contentChecksum: frame.contentChecksum,
            crc32c: CRC32C.checksum(of: bytes), mark: frame.mark)
    }
}

/// The frames of one section so far, and the rules that they obey.
///
/// Shared by the writer and the reader, so that neither can be stricter than the other. Keeps 16 bytes a frame; for a
/// reader no more than `rowsOfReader` of them, and one digest of all that follow.
package struct SectionFrames {
    /// What its first frame says.
    package let rules: SectionRules

    /// A row for each frame; of a reader's the first ones.
    package private(set) var rows: [SeekTable.Row] = []

    /// The CRC-32C of each data frame, if the section has checksums; of a reader's the first ones.
    package private(set) var frameChecksums: [UInt32] = []

    /// Of the rows that are not kept.
    private(set) var restOfRows = RowDigest()

    /// Of the checksums that are not kept.
    private(set) var restOfChecksums = RowDigest()

    /// The number of rows, kept or not.
    package private(set) var rowCount = 0

    /// The number of data frames.
    private(set) var dataFrameCount = 0

    /// The sum of the lengths of all frames.
    package private(set) var compressedBytes: UInt64 = 0

    /// The row that was added last.
    private var last: SeekTable.Row?

    private let rowLimit: Int
    private let keptRows: Int

    /// So many rows a reader keeps: it can say of each what is wrong with it, and no file makes it take more memory.
    static let rowsOfReader = 1 << 19

    /// The section whose first frame, which must bear a mark, begins at `offset`.
    ///
    /// `rowLimit` can be lowered by a test.
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

    /// Adds a data frame, which begins at `offset`.
    ///
    /// In a section with checksums the caller must have computed the frame's CRC-32C, unless only the structure is
    /// looked at.
    package mutating func add(_ frame: DataFrame, at offset: UInt64) throws(FormatError) {
        // The section table will need a row too.
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

    /// The section table of the data frames.
    package var sectionTable: SectionTable {
        let fields = SectionTable.Fields(
            frameCount: dataFrameCount, hasChecksums: rules.hasChecksums, hasAnyChunks: rules.chunkBytes == nil)
        return SectionTable(fields, frameChecksums)
    }

    /// Adds the row of that table.
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
            // With another one behind it, the frame before was not the last.
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
