/// Produces the bytes that follow the data frames of a compressed file.
///
/// The caller writes each data frame in order, adding it here, and finally the result of `finish`. A single frame is
/// plain. The first of several has a `SectionMark`, and tables follow the last.
public struct SectionWriter {
    private var section: SectionFrames?
    private var plainBytes: UInt64 = 0
    private let rowLimit: Int

    /// Creates a writer for a new file.
    public init() {
        self.init(rowLimit: SeekTable.maximumRows)
    }

    /// - Parameter rowLimit: the most rows; tests lower it.
    package init(rowLimit: Int) {
        self.rowLimit = rowLimit
    }

    /// The number of bytes up to the end of the last data frame added.
    public var compressedBytes: UInt64 {
        section?.compressedBytes ?? plainBytes
    }

    /// Records the next data frame.
    ///
    /// With checksums, the frame must have its content checksum and CRC-32C. Throws if it breaks a rule of the format;
    /// most likely `FormatError.tooManyFrames`, which means that the input is too large for the chunk size.
    public mutating func add(_ frame: DataFrame) throws(FormatError) {
        let offset = compressedBytes
        if section != nil {
            try section?.add(frame, at: offset)
            return
        }
        precondition(plainBytes == 0, "a frame behind a plain one")
        if frame.mark == nil {
            plainBytes = frame.compressedBytes
        } else {
            section = try SectionFrames(opening: frame, at: 0, rowLimit: rowLimit)
        }
    }

    /// The bytes after the last data frame: none after a plain one, otherwise the section table and the seek table.
    ///
    /// At least one data frame must have been added: empty input is one frame without content.
    public consuming func finish() -> [UInt8] {
        guard var section else {
            precondition(plainBytes > 0, "a file without a data frame")
            return []
        }
        let table = section.sectionTable.serialized()
        section.addSectionTable()
        return table + SeekTable(rows: section.rows, hasChecksums: section.rules.hasChecksums).serialized()
    }
}
