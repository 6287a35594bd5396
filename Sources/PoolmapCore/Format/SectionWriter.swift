/// Makes the bytes of a section around its data frames: the header before them, the tables behind.
///
/// The caller writes `header`, then each data frame, adding it here, in order, and last what `finish` returns.
struct SectionWriter {
    private var frames: SectionFrames

    /// A writer for chunks of `chunkBytes` bytes, 1 … `FileHeader.maximumChunkBytes`.
    init(chunkBytes: UInt32, hasChecksums: Bool) {
        self.init(header: FileHeader(chunkBytes: chunkBytes, hasChecksums: hasChecksums))
    }

    /// A writer for the section with `header`.
    ///
    /// `rowLimit` can be lowered by a test.
    init(header: FileHeader, rowLimit: Int = SeekTable.maximumRows) {
        frames = SectionFrames(header: header, rowLimit: rowLimit)
    }

    /// The bytes before the first data frame.
    var header: [UInt8] {
        frames.header.serialized()
    }

    /// The number of bytes of the section so far, from its header to the data frame that was added last.
    var compressedBytes: UInt64 {
        frames.compressedBytes
    }

    /// Notes the next data frame.
    ///
    /// With checksums, the frame's content checksum and CRC-32C must be there. Throws if it breaks a rule of the
    /// format, `FormatError.tooManyFrames` above all: the input is too large for the chunk size.
    mutating func add(_ frame: DataFrame) throws(FormatError) {
        try frames.add(frame, at: frames.compressedBytes)
    }

    /// The bytes behind the last data frame: the checksum table, if there are checksums, and the seek table.
    ///
    /// A data frame must have been added: empty input has one without content.
    consuming func finish() -> [UInt8] {
        precondition(frames.dataFrameCount > 0, "a section without a data frame")
        var bytes: [UInt8] = []
        if frames.header.hasChecksums {
            bytes = ChecksumTable(frameChecksums: frames.frameChecksums).serialized()
            frames.addChecksumTable()
        }
        return bytes + SeekTable(rows: frames.rows, hasChecksums: frames.header.hasChecksums).serialized()
    }
}
