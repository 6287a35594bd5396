import CZstd
import Ground
/// Reads any range of the content of a file that ends with a seek table, and only the parts of the file it needs.
///
/// It opens no file: the caller's closure returns the requested bytes, from a descriptor, a mapping or a server.
///
///     let reader = try SeekableReader(fileBytes: size) { offset, count in … }
///     let bytes = try reader?.content(in: 5000..<6000) { offset, count in … }
///
/// A table is accepted if its rows add up to the file. Each frame that is read must match its row: the content size,
/// and the checksum if the table has checksums. A frame's own checksum is verified too.
///
/// The value is immutable, so any number of threads may use one reader at once. It keeps 48 bytes a frame.
public struct SeekableReader: Sendable {
    /// Returns exactly `count` bytes of the file from `offset` on.
    ///
    /// It may block, and may throw any error.
    public typealias Read = (_ offset: UInt64, _ count: Int) throws -> [UInt8]

    /// A frame with content.
    public struct Frame: Sendable {
        /// Its range in the file.
        public let bytes: Range<UInt64>
        /// The range of its content in the whole content.
        public let content: Range<UInt64>
        /// The index of its row in the table.
        let row: Int
        /// The checksum of its content, if the table has checksums.
        let checksum: UInt32?
    }

    /// The frames with content, in order.
    public let frames: [Frame]

    /// The size of the whole content, in bytes.
    public var contentBytes: UInt64 { frames.last?.content.upperBound ?? 0 }

    /// Reads the table of a file of `fileBytes` bytes; nil if there is none that covers the file.
    ///
    /// Calls `read` for the last 9 bytes and then for the table. Memory is allocated for the table as read, not for
    /// what it announces. Throws what `read` throws, and a ``FormatError`` if the table is damaged or `read` returns a
    /// different number of bytes than requested.
    public init?(fileBytes: UInt64, read: Read) throws {
        guard fileBytes >= UInt64(SeekTable.footerBytes) else { return nil }
        let footer = try SeekableReader.bytes(fileBytes - UInt64(SeekTable.footerBytes), SeekTable.footerBytes, read)
        guard let count = footer.withBytes({ SeekTable.frameBytes(footer: $0, fileBytes: fileBytes) }) else {
            return nil
        }
        let start = fileBytes - UInt64(count)
        let table = try SeekableReader.bytes(start, count, read).withBytes { (bytes) throws(FormatError) in
            try SeekTable.parse(bytes, at: start)
        }
        guard table.totals.compressedBytes == start else { return nil }
        var frames: [Frame] = []
        var (offset, place): (UInt64, UInt64) = (0, 0)
        for (index, row) in table.rows.enumerated() {
            let (end, next) = (offset + UInt64(row.compressedBytes), place + UInt64(row.contentBytes))
            if row.contentBytes > 0 {
                let checksum = table.hasChecksums ? row.checksum : nil
                frames.append(Frame(bytes: offset..<end, content: place..<next, row: index, checksum: checksum))
            }
            (offset, place) = (end, next)
        }
        self.frames = frames
    }

    /// Returns the content of a range, which must lie within the whole content.
    ///
    /// Reads and decompresses the frames that overlap the range, one at a time, so it needs memory for the range and
    /// for the largest of these frames. Throws what `read` throws, and a ``FormatError`` if a frame is damaged, differs
    /// from its row, or needs a dictionary, or if `read` returns a different number of bytes than requested.
    public func content(in range: Range<UInt64>, read: Read) throws -> [UInt8] {
        precondition(range.upperBound <= contentBytes, "\(range) of \(contentBytes) bytes")
        var content: [UInt8] = []
        if range.isEmpty { return content }
        // Find the frame with the first byte of the range.
        var (low, high) = (0, frames.count)
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].content.upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        for frame in frames[low...].prefix(while: { $0.content.lowerBound < range.upperBound }) {
            let part = range.clamped(to: frame.content)
            let bytes = try SeekableReader.bytes(frame.bytes.lowerBound, frame.bytes.count, read)
            let all = try frame.decompress(bytes)
            content += all[Int(part.lowerBound - frame.content.lowerBound)...].prefix(part.count)
        }
        return content
    }

    private static func bytes(_ offset: UInt64, _ count: Int, _ read: Read) throws -> [UInt8] {
        let bytes = try read(offset, count)
        // For instance because the file was truncated after its size was read.
        guard bytes.count == count else { throw FormatError.truncatedFrame(at: offset) }
        return bytes
    }
}

extension SeekableReader.Frame {
    /// Decompresses the frame, whose bytes are `compressed`.
    fileprivate func decompress(_ compressed: [UInt8]) throws(FormatError) -> [UInt8] {
        let offset = bytes.lowerBound
        let info = try compressed.withBytes { (bytes) throws(FormatError) in try FrameWalker.walk(bytes, at: offset) }
        try require(.compressedBytes, UInt64(compressed.count), info.compressedBytes)
        // Before memory is allocated: a row can claim any size.
        try require(.contentBytes, UInt64(content.count), info.contentBytes ?? UInt64(content.count))
        let capacity = Int(min(UInt64(content.count), info.contentBound))
        var failure: String?
        let result = [UInt8](unsafeUninitializedCapacity: capacity) { space, count in
            let result = ZSTD_decompress(space.baseAddress, space.count, compressed, compressed.count)
            if ZSTD_isError(result) == 0 {
                count = result
            } else {
                failure = String(cString: ZSTD_getErrorName(result))
            }
        }
        if let failure { throw .undecodable(at: offset, reason: failure) }
        try require(.contentBytes, UInt64(content.count), UInt64(result.count))
        if let checksum {
            let found = result.withBytes { UInt32(truncatingIfNeeded: XXH64.hash($0)) }
            try require(.checksum, UInt64(checksum), UInt64(found))
        }
        return result
    }

    private func require(_ field: FormatError.Field, _ said: UInt64, _ found: UInt64) throws(FormatError) {
        guard said != found else { return }
        throw .seekTableMismatch(row: row, field, table: UInt32(clamping: said), frame: UInt32(clamping: found))
    }
}
