import Files
import Ground
import SeekableZstd

/// The checksums in the section table of a file; only those needed are read.
final class ChecksumRows {
    /// The number of checksums.
    let count: Int
    private let input: InputFile
    private let offset: UInt64
    private var window: [UInt8] = []
    private var windowStart = 0
    private static let rowsOfWindow = 4096

    /// The table of `count` checksums at `offset`; reads all of it once, piece by piece, to verify it.
    init(of count: Int, at offset: UInt64, in input: InputFile) throws(PoolmapError) {
        self.count = count
        self.input = input
        self.offset = offset
        let frameBytes = UInt64(SectionTable.byteCount(frameCount: count, hasChecksums: true))
        // The rows add up to the file, but one of them may be wrong, and then the table may seem to lie past the end.
        guard offset <= input.byteCount, frameBytes <= input.byteCount - offset else {
            throw PoolmapError(.damaged, "the seek table does not match the file: no section table")
        }
        let head = try input.readBytes(at: offset, count: SectionTable.rowsOffset)
        guard
            head.withUnsafeBytes({ SectionTable.isSectionTable($0) && SkippableFrame($0)?.frameBytes == frameBytes })
        else {
            throw PoolmapError(.damaged, "the seek table does not match the file: no section table")
        }
        let checksum = try CRC32C.checksum(
            of: FileReader(input.descriptor, at: input.start + offset, byteCount: frameBytes - 4))
        let written = try input.readBytes(at: offset + frameBytes - 4, count: 4)
        try formatErrors { () throws(FormatError) in
            guard written.withBytes({ $0.littleEndian(UInt32.self, at: 0) }) == checksum else {
                throw .damaged(.sectionTable, at: offset, .checksum)
            }
            _ = try SectionTable.fields(in: head, rowCount: count, at: offset)
        }
    }

    /// The checksum of the data frame at `index`, from 0.
    func checksum(_ index: Int) throws(PoolmapError) -> UInt32 {
        if index < windowStart || 4 * (index - windowStart) >= window.count {
            windowStart = index
            let start = offset + UInt64(SectionTable.rowsOffset + 4 * index)
            window = try input.readBytes(at: start, count: 4 * min(ChecksumRows.rowsOfWindow, count - index))
        }
        return window.withBytes { $0.littleEndian(at: 4 * (index - windowStart)) }
    }
}

extension ChecksumRows {
    /// The section table of a file that poolmap wrote; nil for others.
    ///
    /// Checks the seek table against the first frame to find it.
    static func ofSection(_ frames: FileFrames, in input: InputFile) throws(PoolmapError) -> ChecksumRows? {
        guard let table = frames.seekTable else { return nil }
        guard let rules = frames.rules else {
            if try table.endsWithSectionTable() {
                let sectionTable = SectionTable.byteCount(
                    frameCount: table.shape.rowCount - 1, hasChecksums: table.shape.hasChecksums)
                let offset = table.offset - UInt64(sectionTable)
                throw PoolmapError(.damaged, "\(FormatError.firstFrameMissing(before: .sectionTable, at: offset))")
            }
            return nil
        }
        // The rows must say where each chunk is, since only some of the frames will be read.
        let dataRows = 0..<table.shape.rowCount - 1
        var end: UInt64 = 0
        var isRight = table.shape.hasChecksums == rules.hasChecksums
        for index in dataRows where isRight {
            let row = try table.row(index)
            end += UInt64(row.compressedBytes)
            isRight = row.contentBytes > 0
            if let chunkBytes = rules.chunkBytes, isRight {
                isRight =
                    index < dataRows.upperBound - 1
                    ? row.contentBytes == chunkBytes : row.contentBytes <= chunkBytes
            }
        }
        guard isRight else { throw PoolmapError(.damaged, "the seek table does not match the file's first frame") }
        return rules.hasChecksums ? try ChecksumRows(of: dataRows.count, at: end, in: input) : nil
    }
}

extension CRC32C {
    /// The checksum of everything the reader returns.
    static func checksum(of reader: FileReader) throws(PoolmapError) -> UInt32 {
        try withPiece { (space) throws(PoolmapError) in try checksum(of: reader, through: space) }
    }

    /// The same, using existing memory.
    static func checksum(
        of reader: FileReader, through space: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> UInt32 {
        var reader = reader
        var checksum: UInt32 = 0
        try reader.forEachPiece(through: space) { checksum = CRC32C.checksum(of: $0, continuing: checksum) }
        return checksum
    }
}
