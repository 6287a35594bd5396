import CZstd
import Ground

/// Reads any part of the content of a file that ends with a seek table, and of the file only what that part needs.
///
/// It does no reading of its own: whoever has the file hands it the bytes that it wants.
///
///     let reader = try SeekableReader(fileBytes: size) { offset, count in … }
///     let bytes = try reader?.content(in: 5000..<6000) { offset, count in … }
///
/// The table is believed as far as its rows add up to the file; each frame that is read must have the content that its
/// row says, and its own checksum if it has one.
public struct SeekableReader: Sendable {
    /// The bytes of the file from `offset` on, so many as are asked for.
    public typealias Read = (_ offset: UInt64, _ count: Int) throws -> [UInt8]

    /// A frame with content.
    public struct Frame: Sendable {
        /// Where it is in the file.
        public let bytes: Range<UInt64>
        /// Where its content is in the content of the whole.
        public let content: Range<UInt64>
    }

    /// The frames with content, in order.
    public let frames: [Frame]

    /// The size of the content of all.
    public var contentBytes: UInt64 { frames.last?.content.upperBound ?? 0 }

    /// Reads the table of a file of so many bytes; nil where it has none that covers it.
    ///
    /// Takes memory for the table that is there. Throws what `read` throws, and a `FormatError` where the table is damaged.
    public init?(fileBytes: UInt64, read: Read) throws {
        guard fileBytes >= UInt64(SeekTable.footerBytes) else { return nil }
        let footer = try read(fileBytes - UInt64(SeekTable.footerBytes), SeekTable.footerBytes)
        guard let count = footer.withBytes({ SeekTable.frameBytes(footer: $0, fileBytes: fileBytes) }) else {
            return nil
        }
        let start = fileBytes - UInt64(count)
        let table = try read(start, count).withBytes { (bytes) throws(FormatError) in
            try SeekTable.parse(bytes, at: start)
        }
        guard table.totals.compressedBytes == start else { return nil }
        var frames: [Frame] = []
        var (offset, place): (UInt64, UInt64) = (0, 0)
        for row in table.rows {
            let (end, next) = (offset + UInt64(row.compressedBytes), place + UInt64(row.contentBytes))
            if row.contentBytes > 0 { frames.append(Frame(bytes: offset..<end, content: place..<next)) }
            (offset, place) = (end, next)
        }
        self.frames = frames
    }

    /// The content of a range, which must be inside the whole.
    ///
    /// Reads and decompresses the frames that the range meets, one at a time. Throws what `read` throws, and a
    /// `FormatError` where a frame is damaged or needs a dictionary.
    public func content(in range: Range<UInt64>, read: Read) throws -> [UInt8] {
        precondition(range.upperBound <= contentBytes, "\(range) of \(contentBytes) bytes")
        var content: [UInt8] = []
        // The frame with the first byte of the range.
        var (low, high) = (0, frames.count)
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].content.upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        for frame in frames[low...].prefix(while: { $0.content.lowerBound < range.upperBound }) {
            let part = range.clamped(to: frame.content)
            let all = try SeekableReader.decompress(frame, try read(frame.bytes.lowerBound, frame.bytes.count))
            content += all[Int(part.lowerBound - frame.content.lowerBound)...].prefix(part.count)
        }
        return content
    }

    private static func decompress(_ frame: Frame, _ bytes: [UInt8]) throws(FormatError) -> [UInt8] {
        let offset = frame.bytes.lowerBound
        let info = try bytes.withBytes { (bytes) throws(FormatError) in try FrameWalker.walk(bytes, at: offset) }
        // Before there is room for it: a row can say any size.
        guard info.compressedBytes == UInt64(bytes.count), info.contentBound >= UInt64(frame.content.count) else {
            throw .wrongContent(at: offset, found: info.contentBytes ?? info.contentBound)
        }
        var failure: String?
        let content = [UInt8](unsafeUninitializedCapacity: frame.content.count) { space, count in
            let result = ZSTD_decompress(space.baseAddress, space.count, bytes, bytes.count)
            if ZSTD_isError(result) == 0 {
                count = result
            } else {
                failure = String(cString: ZSTD_getErrorName(result))
            }
        }
        if let failure { throw .undecodable(at: offset, reason: failure) }
        guard content.count == frame.content.count else {
            throw .wrongContent(at: offset, found: UInt64(content.count))
        }
        return content
    }
}
