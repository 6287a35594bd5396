/// A fault in the bytes of a compressed file.
///
/// Offsets are in bytes from the beginning of the file. The texts do not name the file, since whoever reports the error
/// knows it.
public enum FormatError: Error, Equatable {
    /// The file has no frames.
    case empty

    /// The file ends inside the frame that begins at `at`.
    case truncatedFrame(at: UInt64)

    /// The file ends inside the section that begins at `at`: between two frames, but before its seek table.
    case truncatedSection(at: UInt64)

    /// The section that begins at `at` is cut, and another begins at `next`.
    case unfinishedSection(at: UInt64, next: UInt64)

    /// No frame begins at `at`.
    case notAFrame(at: UInt64)

    /// The frame at `at` was written by a Zstandard before 0.8, when each version had a layout of its own.
    case oldFormat(at: UInt64, minorVersion: Int)

    /// The frame at `at` has the reserved bit of its header set.
    case reservedBit(at: UInt64)

    /// The frame at `at` has a block of the reserved type.
    case reservedBlockType(at: UInt64)

    /// The frame at `at` has a block of `bytes` bytes where at most `limit` are allowed.
    case blockTooLarge(at: UInt64, bytes: Int, limit: Int)

    /// The section table or seek table at `at` is invalid.
    case damaged(Part, at: UInt64, Flaw)

    /// The section table at `at` has a version of the layout that this code does not know.
    case unsupportedVersion(at: UInt64, version: UInt8)

    /// The table at `at` belongs to a section whose first frame is not before it.
    case firstFrameMissing(before: Part, at: UInt64)

    /// The table at `at` is not allowed there.
    case misplaced(Part, at: UInt64)

    /// A frame that does not belong to the section around it begins at `at`.
    case foreignFrame(at: UInt64)

    /// The section has the most frames possible.
    case tooManyFrames(limit: Int)

    /// The data frame at `at` is longer than a seek table can record.
    case frameTooLarge(at: UInt64, compressedBytes: UInt64)

    /// The data frame at `at` has `found` bytes of content where the chunk size is `chunkBytes`.
    case wrongContentSize(at: UInt64, found: UInt64, chunkBytes: UInt32)

    /// The data frame at `at` has `found` bytes of content: none, or more than a seek table can record.
    case wrongContent(at: UInt64, found: UInt64)

    /// The data frame at `at` has no content checksum, in a section with checksums.
    case contentChecksumMissing(at: UInt64)

    /// The data frame at `at` has a content checksum, in a section without.
    case contentChecksumUnexpected(at: UInt64)

    /// The compressed bytes of the data frame at `at` do not match their checksum in the section table.
    case corruptFrame(at: UInt64)

    /// The section table is for a different number of data frames than there are.
    case sectionTableMismatch(table: Int, frames: Int)

    /// The seek table has a different number of rows than there are frames.
    case seekTableLength(rows: UInt64, frames: Int)

    /// A row of the seek table, counted from 0, says `table`, but the frame has `frame`.
    case seekTableMismatch(row: Int, Field, table: UInt32, frame: UInt32)

    /// The frame at `at` cannot be decompressed; `reason` is libzstd's.
    case undecodable(at: UInt64, reason: String)

    /// A row of the table at `at` does not match its frame.
    ///
    /// Its index is `from`, the number of rows a reader keeps, or higher.
    case laterRowsMismatch(Part, at: UInt64, from: Int)
}

extension FormatError {
    /// The skippable frames of a section.
    public enum Part: String, Equatable, Sendable {
        /// The frame with a checksum of each data frame's compressed bytes.
        case sectionTable = "section table"
        /// The frame that ends a section, with the sizes of all frames.
        case seekTable = "seek table"
    }

    /// Faults of a part of a section.
    public enum Flaw: String, Equatable, Sendable {
        /// The magic number is wrong.
        case magic = "its magic number is wrong"
        /// The length is wrong.
        case length = "its length is wrong"
        /// The identifier is wrong.
        case identifier = "its identifier is wrong"
        /// The part's checksum does not match its bytes.
        case checksum = "its checksum does not match"
        /// Bits that must be zero are set.
        case reserved = "reserved bits are set"
        /// The number of rows is over the limit, or does not fit the flags.
        case rowCount = "its number of rows is out of range"
        /// The flags do not match the section's first frame.
        case flags = "its flags do not match the frames"
    }

    /// The columns of a seek table.
    public enum Field: String, Equatable, Sendable {
        /// The length of the frame.
        case compressedBytes = "compressed bytes"
        /// The length of its content.
        case contentBytes = "bytes of content"
        /// The low half of the XXH64 of its content.
        case checksum = "as the checksum"
    }
}

extension FormatError: CustomStringConvertible {
    /// The error as a sentence, without the file's name.
    public var description: String {
        switch self {
        case .empty:
            "empty: no frames"
        case .truncatedFrame(let offset):
            "truncated: the file ends inside the frame that begins at byte \(offset)"
        case .truncatedSection(let offset):
            "truncated: the file ends before the tables that the frame at byte \(offset) announces"
        case .unfinishedSection(let offset, let next):
            "truncated: the part that begins at byte \(offset) has no seek table, and another begins at byte \(next)"
        case .notAFrame(let offset):
            "not a Zstandard frame at byte \(offset)"
        case .oldFormat(let offset, let minorVersion):
            "old format: the frame at byte \(offset) was made by Zstandard 0.\(minorVersion)"
        case .reservedBit(let offset):
            "damaged: the frame at byte \(offset) has a reserved bit set"
        case .reservedBlockType(let offset):
            "damaged: the frame at byte \(offset) has a block of the reserved type"
        case .blockTooLarge(let offset, let bytes, let limit):
            "damaged: the frame at byte \(offset) has a block of \(bytes) bytes (limit \(limit))"
        case .damaged(let part, let offset, let flaw):
            "the \(part.rawValue) at byte \(offset) is damaged: \(flaw.rawValue)"
        case .unsupportedVersion(let offset, let version):
            "the section table at byte \(offset) has version \(version), which this poolmap cannot read"
        case .firstFrameMissing(let part, let offset):
            "damaged: the first frame before the \(part.rawValue) at byte \(offset) is missing, or lacks its mark"
        case .misplaced(let part, let offset):
            "damaged: the \(part.rawValue) at byte \(offset) is out of place"
        case .foreignFrame(let offset):
            "damaged: the skippable frame at byte \(offset) is out of place"
        case .tooManyFrames(let limit):
            "too many frames: a seek table has room for \(limit); use a larger chunk size"
        case .frameTooLarge(let offset, let compressedBytes):
            "the data frame at byte \(offset) has \(compressedBytes) compressed bytes, more than a seek table can hold"
        case .wrongContentSize(let offset, let found, let chunkBytes):
            "the data frame at byte \(offset) has \(found) bytes of content, but the chunk size is \(chunkBytes)"
        case .wrongContent(let offset, let found):
            "the data frame at byte \(offset) has \(found) bytes of content (must be between 1 and \(UInt32.max))"
        case .contentChecksumMissing(let offset):
            "the data frame at byte \(offset) has no content checksum, but the first frame has one"
        case .contentChecksumUnexpected(let offset):
            "the data frame at byte \(offset) has a content checksum, but the first frame has none"
        case .corruptFrame(let offset):
            "the data frame at byte \(offset) is damaged: its bytes do not match the section table"
        case .undecodable(let offset, let reason):
            "damaged: the frame at byte \(offset) cannot be decompressed: \(reason)"
        case .sectionTableMismatch(let table, let frames):
            "the section table does not match the frames: it is for \(table) data frames, but there are \(frames)"
        case .seekTableLength(let rows, let frames):
            "the seek table does not match the frames: it has \(rows) rows, but there are \(frames) frames"
        case .laterRowsMismatch(let part, let offset, let row):
            "the \(part.rawValue) at byte \(offset) does not match the frames: one of its rows from \(row) on is wrong"
        case .seekTableMismatch(let row, let field, let table, let frame):
            "the seek table does not match the frames: row \(row) says \(table) \(field.rawValue), but the frame has \(frame)"
        }
    }
}
