/// A frame and its position in a file or pipe, counted from the start of the input.
package struct LocatedFrame {
    package let offset: UInt64
    package let compressedBytes: UInt64
    package let isSkippable: Bool
    /// The content size from the frame's header or the seek table; nil if neither says.
    package let contentBytes: UInt64?
    /// An upper bound of the content size.
    package let contentBound: UInt64
    /// Whether the frame ends with a checksum of its content; nil if only the table was read.
    package let hasChecksum: Bool?
    /// That checksum; nil if only the table was read.
    package let contentChecksum: UInt32?
    /// The mark of a section's first frame; nil for other frames, and if only the table was read.
    package let mark: SectionMark?
    /// The dictionary that the frame names; nil if it names none, or if only the table was read.
    package let dictionaryID: UInt32?
    /// The index of its row in the seek table, if it was found through the table.
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

    /// A data frame as a seek table describes it.
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
