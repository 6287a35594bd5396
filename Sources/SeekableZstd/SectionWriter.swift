/// Makes the bytes behind the data frames of a compressed file.
///
/// The caller writes each data frame, adding it here, in order, and last what `finish` returns. One frame is plain; of
/// several the first bears a `SectionMark`, and tables follow the last.
public struct SectionWriter {
    private var section: SectionFrames?
    private var plainBytes: UInt64 = 0
    private let rowLimit: Int

    /// A writer for a new file.
    public init() {
        self.init(rowLimit: SeekTable.maximumRows)
    }

    /// - Parameter rowLimit: can be lowered by a test.
    package init(rowLimit: Int) {
        self.rowLimit = rowLimit
    }

    /// The number of bytes so far, to the end of the data frame that was added last.
    public var compressedBytes: UInt64 {
        section?.compressedBytes ?? plainBytes
    }

    /// Notes the next data frame.
    ///
    /// With checksums, the frame's content checksum and CRC-32C must be there. Throws if it breaks a rule of the
    /// format, `FormatError.tooManyFrames` above all: the input is too large for the chunk size.
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

    /// The bytes behind the last data frame: none behind a plain one, else the section table and the seek table.
    ///
    /// A data frame must have been added: empty input has one without content.
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
