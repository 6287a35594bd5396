import Ground

/// The seek table at the end of a file, read a piece at a time: however many rows it claims to have, it takes no memory.
package final class SeekTableRows {
    package typealias Read = (_ offset: UInt64, _ count: Int) throws(PoolmapError) -> [UInt8]

    /// Where the table begins.
    package let offset: UInt64
    package let shape: SeekTable.Shape
    /// Whether it begins as it must: its first eight bytes can be damaged, and the last nine tell them again.
    package let isWhole: Bool
    private let read: Read
    private var window: [UInt8] = []
    private var windowStart = 0
    private static let rowsOfWindow = 4096

    /// What all rows say together.
    package struct Totals {
        package var compressedBytes: UInt64 = 0
        package var contentBytes: UInt64 = 0
        /// The number of rows up to the last one with content.
        package var countWithContent = 0
        /// The number of rows for which there is no frame so short.
        package var impossibleCount = 0

        package mutating func add(_ row: SeekTable.Row, _ index: Int) {
            compressedBytes += UInt64(row.compressedBytes)
            contentBytes += UInt64(row.contentBytes)
            if row.contentBytes > 0 {
                countWithContent = index + 1
            }
            if row.compressedBytes < UInt32(FrameInfo.skippableHeaderBytes) {
                impossibleCount += 1
            }
        }
    }

    /// The table that the last bytes of a file announce; nil where they announce none.
    package init?(ofFileWith byteCount: UInt64, read: @escaping Read) throws(PoolmapError) {
        guard byteCount >= UInt64(SeekTable.byteCount(rowCount: 0, hasChecksums: false)) else { return nil }
        let footer = try read(byteCount - UInt64(SeekTable.footerBytes), SeekTable.footerBytes)
        guard let shape = footer.withUnsafeBytes({ try? SeekTable.Shape(footerOf: $0) }),
            UInt64(shape.frameBytes) <= byteCount
        else { return nil }
        self.shape = shape
        self.read = read
        offset = byteCount - UInt64(shape.frameBytes)
        let prefix = SkippableFrame.prefix(nibble: SkippableFrame.seekTableNibble, frameBytes: shape.frameBytes)
        isWhole = try read(offset, prefix.count) == prefix
    }

    /// Whether the bytes before the table can have a frame for each row: none is shorter than eight bytes.
    package var hasRoomForItsFrames: Bool {
        UInt64(shape.rowCount) * UInt64(FrameInfo.skippableHeaderBytes) <= offset
    }

    /// A row, counted from 0.
    package func row(_ index: Int) throws(PoolmapError) -> SeekTable.Row {
        if window.isEmpty || index < windowStart || index >= windowStart + SeekTableRows.rowsOfWindow {
            try moveWindow(to: index)
        }
        return window.withUnsafeBytes { row(index - windowStart, of: $0) }
    }

    private func moveWindow(to index: Int) throws(PoolmapError) {
        windowStart = index
        let rowBytes = SeekTable.rowBytes(hasChecksums: shape.hasChecksums)
        let count = min(SeekTableRows.rowsOfWindow, shape.rowCount - index)
        window = try read(offset + UInt64(FrameInfo.skippableHeaderBytes + index * rowBytes), count * rowBytes)
    }

    private func row(_ place: Int, of window: UnsafeRawBufferPointer) -> SeekTable.Row {
        let start = place * SeekTable.rowBytes(hasChecksums: shape.hasChecksums)
        return SeekTable.Row(
            compressedBytes: window.littleEndian(at: start), contentBytes: window.littleEndian(at: start + 4),
            checksum: shape.hasChecksums ? window.littleEndian(at: start + 8) : 0)
    }

    /// The sums over all rows; nil where `isBad` is true of those over the first ones, looked at now and then.
    package func totals(unless isBad: (Totals) -> Bool) throws(PoolmapError) -> Totals? {
        var totals = Totals()
        for start in stride(from: 0, to: shape.rowCount, by: SeekTableRows.rowsOfWindow) {
            try moveWindow(to: start)
            window.withUnsafeBytes { window in
                for place in 0..<min(SeekTableRows.rowsOfWindow, shape.rowCount - start) {
                    totals.add(row(place, of: window), start + place)
                }
            }
            if isBad(totals) { return nil }
        }
        return totals
    }

    /// Whether the last row is that of a section table, as in the seek table of a section.
    package func endsWithSectionTable() throws(PoolmapError) -> Bool {
        let frameCount = shape.rowCount - 1
        guard frameCount > 0 else { return false }
        return try row(frameCount)
            == SectionTable.row(frameCount: frameCount, hasChecksums: shape.hasChecksums)
    }

    /// All of them.
    package func table() throws(PoolmapError) -> SeekTable {
        var table = SeekTable(rows: [], hasChecksums: shape.hasChecksums)
        table.rows.reserveCapacity(shape.rowCount)
        for index in 0..<shape.rowCount {
            table.rows.append(try row(index))
        }
        return table
    }
}
