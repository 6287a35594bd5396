import Files
import Ground
import SeekableZstd

/// What follows the frames of a compression: the tables of the whole file, or the table of a part.
struct FrameEnding {
    private var section: SectionWriter?
    private var part: PartTable?

    init(_ input: InputFile, _ options: CompressionOptions) throws(PoolmapError) {
        part = try PartTable(input, options)
        section = part == nil ? SectionWriter() : nil
    }

    /// Sets where in the input the first frame of a part begins.
    mutating func begin(at offset: UInt64) {
        part?.range = offset..<offset
    }

    mutating func add(_ frame: DataFrame) throws(PoolmapError) {
        try formatErrors { () throws(FormatError) in try section?.add(frame) }
        try part?.add(frame)
    }

    consuming func finish() throws(PoolmapError) -> [UInt8] {
        if let part { return try part.serialized() }
        return section.take()?.finish() ?? []
    }
}

extension PartTable {
    /// The table of a part of a compression; nil if the whole input is compressed.
    init?(_ input: InputFile, _ options: CompressionOptions) throws(PoolmapError) {
        guard let part = options.part else { return nil }
        self.init(try PartJob(input, .compress, options.settings), part)
    }

    /// Adds a row for a frame, which must have its CRC-32C.
    fileprivate mutating func add(_ frame: DataFrame) throws(PoolmapError) {
        guard let checksum = frame.crc32c else {
            throw PoolmapError(.failed, "internal error: a worker's answer lacks a checksum")
        }
        rows.append(
            PartRow(
                byteCount: frame.compressedBytes, contentBytes: frame.contentBytes, checksum: checksum,
                contentChecksum: frame.contentChecksum ?? 0))
        range = range.lowerBound..<range.upperBound + frame.contentBytes
    }
}
