import SystemPackage

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
    /// Its row in the seek table, if it was found by that.
    var row: Int?

    init(_ info: FrameInfo, at offset: UInt64) {
        self.offset = offset
        compressedBytes = info.compressedBytes
        isSkippable = info.kind != .zstandard
        contentBytes = info.contentBytes
        contentBound = min(info.contentBound, info.contentBytes ?? .max)
        hasChecksum = info.hasChecksum
    }

    /// A data frame as a seek table has it.
    init(_ row: SeekTable.Row, at offset: UInt64) {
        self.offset = offset
        compressedBytes = UInt64(row.compressedBytes)
        isSkippable = false
        contentBytes = UInt64(row.contentBytes)
        contentBound = UInt64(row.contentBytes)
        hasChecksum = nil
    }

    /// Whether both sides of the frame have room in a slot.
    func fits(_ layout: SlotLayout) -> Bool {
        layout.holds(compressedBytes: compressedBytes, contentBound: contentBound)
    }
}

/// The frames of a regular file, in order, found without decompressing anything: by a seek table that covers the whole
/// file, or else by stepping from block to block.
final class FileFrames {
    /// The table at the file's end, if it covers the file.
    let seekTable: SeekTable?
    private(set) var offset: UInt64 = 0
    private let input: InputFile
    private var row = 0
    private var frameCount = 0

    init(_ input: InputFile) throws(PoolmapError) {
        self.input = input
        seekTable = try FileFrames.coveringTable(of: input)
    }

    var isAtEnd: Bool {
        offset == input.byteCount
    }

    /// The next frame, nil at the end of the file.
    func next() throws(PoolmapError) -> LocatedFrame? {
        guard !isAtEnd else { return nil }
        var frame: LocatedFrame
        if let seekTable, row < seekTable.rows.count, seekTable.rows[row].contentBytes > 0 {
            frame = LocatedFrame(seekTable.rows[row], at: offset)
        } else {
            // A row without content may be an empty frame or a skippable one, which only the frame itself says.
            frame = LocatedFrame(try walk(), at: offset)
        }
        if let seekTable, row < seekTable.rows.count {
            guard frame.compressedBytes == UInt64(seekTable.rows[row].compressedBytes) else {
                throw PoolmapError(
                    .damaged,
                    "the seek table does not match the frames: row \(row) says \(seekTable.rows[row].compressedBytes) bytes, the frame has \(frame.compressedBytes)"
                )
            }
            frame.row = row
        }
        row += 1
        frameCount += 1
        offset += frame.compressedBytes
        return frame
    }

    /// Whether no frame with content follows those that were found.
    var hasOnlyTablesLeft: Bool {
        isAtEnd || seekTable.map { $0.rows.dropFirst(row).allSatisfy { $0.contentBytes == 0 } } ?? false
    }

    /// So much of a skippable frame as anyone can want to know: all of it if it is one of our tables.
    func beginning(of frame: LocatedFrame) throws(PoolmapError) -> [UInt8] {
        let count = Int(min(frame.compressedBytes, UInt64(mostBytesOfTable(behind: frameCount))))
        return try read(at: frame.offset, count: count)
    }

    private func walk() throws(PoolmapError) -> FrameInfo {
        var walker = FrameWalker(at: offset)
        var position = offset
        let end = input.byteCount
        while true {
            let (skip, take) = walker.demand
            guard skip <= end - position else {
                throw PoolmapError(
                    .damaged, "\(walker.endOfInput(after: UnsafeRawBufferPointer(start: nil, count: 0)))")
            }
            position += skip
            let count = min(UInt64(take), end - position)
            let bytes = try read(at: position, count: Int(count))
            position += count
            let info = try bytes.withBytes { (bytes) throws(PoolmapError) in
                guard bytes.count == take else {
                    throw PoolmapError(.damaged, "\(walker.endOfInput(after: bytes))")
                }
                return try formatErrors { () throws(FormatError) in try walker.feed(bytes) }
            }
            if let info { return info }
        }
    }

    private func read(at offset: UInt64, count: Int) throws(PoolmapError) -> [UInt8] {
        try input.readBytes(at: offset, count: count)
    }

    /// The seek table at the end of the file, if its rows and itself are as long as the file.
    ///
    /// A table of fewer bytes stands at the end of files that were joined: the frames before its own are found by
    /// walking. One of more bytes than there are lies.
    private static func coveringTable(of input: InputFile) throws(PoolmapError) -> SeekTable? {
        let found = try seekTableBytes(ofFileWith: input.byteCount) { (offset, count) throws(PoolmapError) in
            try input.readBytes(at: offset, count: count)
        }
        guard let (bytes, start) = found else { return nil }
        guard let table = try? bytes.withUnsafeBytes({ try SeekTable.parse($0, at: start) }) else { return nil }
        let (total, overflowed) = table.totals.compressedBytes.addingReportingOverflow(UInt64(bytes.count))
        guard !overflowed, total <= input.byteCount else {
            throw PoolmapError(
                .damaged,
                "the seek table does not match the file: its frames have \(table.totals.compressedBytes) bytes, and there are \(start) before it"
            )
        }
        return total == input.byteCount ? table : nil
    }
}

/// What the end of a file says is its seek table, and where that begins; nil where it says nothing of the kind.
func seekTableBytes(
    ofFileWith byteCount: UInt64, read: (_ offset: UInt64, _ count: Int) throws(PoolmapError) -> [UInt8]
) throws(PoolmapError) -> (bytes: [UInt8], start: UInt64)? {
    guard byteCount >= UInt64(SeekTable.footerBytes) else { return nil }
    let footer = try read(byteCount - UInt64(SeekTable.footerBytes), SeekTable.footerBytes)
    let length = footer.withUnsafeBytes { SeekTable.frameBytes(footer: $0, fileBytes: byteCount) }
    guard let length else { return nil }
    let start = byteCount - UInt64(length)
    return (try read(start, length), start)
}

/// The longest that a table of a section with so many frames can be, with room to spare: what a reader keeps of a
/// skippable frame, however long it claims to be.
func mostBytesOfTable(behind frameCount: Int) -> Int {
    FileHeader.byteCount + 16 * (frameCount + 4)
}

/// Turns what is wrong with a format into the error that a user sees.
func formatErrors<Result>(_ body: () throws(FormatError) -> Result) throws(PoolmapError) -> Result {
    do {
        return try body()
    } catch .unsupportedVersion(let part, let offset, let version) {
        throw PoolmapError(.unsupported, "\(FormatError.unsupportedVersion(part, at: offset, version: version))")
    } catch {
        throw PoolmapError(.damaged, "\(error)")
    }
}
