/// A frame and where it is in its file or pipe.
///
/// Offsets count from where the input begins.
package struct LocatedFrame {
    package let offset: UInt64
    package let compressedBytes: UInt64
    package let isSkippable: Bool
    /// What the content has by the frame's header or the seek table; nil where neither says.
    package let contentBytes: UInt64?
    /// What the content has at most.
    package let contentBound: UInt64
    /// Whether the frame ends with a checksum of its content; nil where only the table was looked at.
    package let hasChecksum: Bool?
    /// What that checksum is; nil where only the table was looked at.
    package let contentChecksum: UInt32?
    /// What says that it is the first of a section; nil also where only the table was looked at.
    package let mark: SectionMark?
    /// The dictionary that it names; nil if it names none, and where only the table was looked at.
    package let dictionaryID: UInt32?
    /// The number of its row in the seek table, if it was found by that.
    package var row: Int?

    package init(_ info: FrameInfo, at offset: UInt64) {
        self.offset = offset
        compressedBytes = info.compressedBytes
        isSkippable = info.kind != .zstandard
        contentBytes = info.contentBytes
        contentBound = min(info.contentBound, info.contentBytes ?? .max)
        hasChecksum = info.hasChecksum
        contentChecksum = info.contentChecksum
        mark = info.mark
        dictionaryID = info.dictionaryID
    }

    /// A data frame as a seek table has it.
    package init(_ row: SeekTable.Row, at offset: UInt64) {
        self.offset = offset
        compressedBytes = UInt64(row.compressedBytes)
        isSkippable = false
        contentBytes = UInt64(row.contentBytes)
        contentBound = UInt64(row.contentBytes)
        hasChecksum = nil
        contentChecksum = nil
        mark = nil
        dictionaryID = nil
    }
}
