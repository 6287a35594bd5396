/// A frame and where it is in its file or pipe.
///
/// Offsets count from where the input begins.
struct LocatedFrame {
    let offset: UInt64
    let compressedBytes: UInt64
    let isSkippable: Bool
    /// What the content has by the frame's header or the seek table; nil where neither says.
    let contentBytes: UInt64?
    /// What the content has at most.
    let contentBound: UInt64
    /// Whether the frame ends with a checksum of its content; nil where only the table was looked at.
    let hasChecksum: Bool?
    /// What that checksum is; nil where only the table was looked at.
    let contentChecksum: UInt32?
    /// What says that it is the first of a section; nil also where only the table was looked at.
    let mark: SectionMark?
    /// The dictionary that it names; nil if it names none, and where only the table was looked at.
    let dictionaryID: UInt32?
    /// The number of its row in the seek table, if it was found by that.
    var row: Int?

    init(_ info: FrameInfo, at offset: UInt64) {
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
    init(_ row: SeekTable.Row, at offset: UInt64) {
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

    /// Whether both sides of the frame have room in a slot.
    func fits(_ layout: SlotLayout) -> Bool {
        layout.holds(compressedBytes: compressedBytes, contentBound: contentBound)
    }
}

extension FileReader {
    /// Reads a frame of a regular file, or what of it is behind its first bytes.
    init(_ input: InputFile, _ frame: LocatedFrame, from start: Int = 0) {
        self.init(
            input.descriptor, at: input.start + frame.offset + UInt64(start),
            byteCount: frame.compressedBytes - UInt64(start))
    }
}
