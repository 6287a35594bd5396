import Ground

/// The seek table at the end of a file, read piece by piece: its memory use does not depend on the number of rows.
package final class SeekTableRows {
    package typealias Read = (_ offset: UInt64, _ count: Int) throws(PoolmapError) -> [UInt8]

    /// Where the table begins in the file.
    package let offset: UInt64
    package let shape: SeekTable.Shape
    /// Whether the first eight bytes are correct; if they are damaged, the last nine still give the shape.
    package let isWhole: Bool
    private let read: Read
    private var window: [UInt8] = []
    private var windowStart = 0
    private static let rowsOfWindow = 4096

    /// The sums over all rows.
    package struct Totals {
        package var compressedBytes: UInt64 = 0
        package var contentBytes: UInt64 = 0
        /// The number of rows up to the last one with content.
        package var countWithContent = 0
        /// The number of rows whose compressed size is shorter than any frame.
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

    /// Finds the table that the last bytes of a file announce; nil if they announce none.
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

    /// Whether the bytes before the table can hold a frame for each row; the shortest frame has eight bytes.
    package var hasRoomForItsFrames: Bool {
        UInt64(shape.rowCount) * UInt64(FrameInfo.skippableHeaderBytes) <= offset
    }

    /// The row at `index`, from 0.
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

    /// The sums over all rows; nil if `isBad` is true for the sums so far, which is checked after every few thousand
    /// rows.
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

    /// Reads the whole table.
    package func table() throws(PoolmapError) -> SeekTable {
        var table = SeekTable(rows: [], hasChecksums: shape.hasChecksums)
        table.rows.reserveCapacity(shape.rowCount)
        for index in 0..<shape.rowCount {
            table.rows.append(try row(index))
        }
        return table
    }
}
