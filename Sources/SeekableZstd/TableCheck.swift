import Ground

/// Checks a table of a section against the frames before it, as the table's bytes arrive.
///
/// A table may be too long to hold in memory, so only a row cut between two pieces is kept. Faults are reported at the
/// end, in the usual order of checks: first whether the bytes are a table at all.
struct TableCheck {
    enum Kind {
        case sectionTable
        case seekTable
    }

    private let kind: Kind
    /// The table's offset in the file, for errors.
    private let offset: UInt64
    private let frameBytes: Int
    private let itemCount: Int
    private let itemBytes: Int
    private var fedBytes = 0
    private var head: [UInt8] = []
    /// The bytes after the last whole item.
    private var pending: [UInt8] = []
    private var index = 0
    private var crc: UInt32 = 0
    /// The first item that does not match its frame.
    private var mismatch: FormatError?
    private var rest = RowDigest()
    /// The offset of the frame of the next checksum.
    private var frameOffset: UInt64

    /// Begins a check of the table of `frameBytes` bytes at `offset`, whose section begins at `sectionStart`.
    ///
    /// The length must be valid for such a table.
    init(_ kind: Kind, at offset: UInt64, frameBytes: Int, hasChecksums: Bool, sectionStart: UInt64) {
        self.kind = kind
        self.offset = offset
        self.frameBytes = frameBytes
        switch kind {
        case .sectionTable:
            itemBytes = 4
            itemCount = (frameBytes - SectionTable.fixedBytes) / itemBytes
        case .seekTable:
            itemBytes = SeekTable.rowBytes(hasChecksums: hasChecksums)
            itemCount = (frameBytes - SeekTable.byteCount(rowCount: 0, hasChecksums: hasChecksums)) / itemBytes
        }
        frameOffset = sectionStart
    }

    /// How many bytes are still to come.
    var missingBytes: Int { frameBytes - fedBytes }

    private var headBytes: Int {
        switch kind {
        case .sectionTable: SectionTable.rowsOffset
        case .seekTable: FrameInfo.skippableHeaderBytes
        }
    }

    /// Takes the next bytes, at most as many as are missing.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ frames: SectionFrames) {
        precondition(bytes.count <= missingBytes, "more bytes than the table has")
        if kind == .sectionTable {
            // Everything but the checksum itself.
            let covered = max(0, min(bytes.count, frameBytes - 4 - fedBytes))
            crc = CRC32C.checksum(of: bytes.bytes(in: 0..<covered), continuing: crc)
        }
        fedBytes += bytes.count
        let headPart = min(headBytes - head.count, bytes.count)
        head += bytes.bytes(in: 0..<headPart)
        pending += bytes.bytes(in: headPart..<bytes.count)
        let whole = pending
        let taken = whole.withBytes { checkItems(of: $0, frames) }
        pending.removeFirst(taken)
    }

    private mutating func checkItems(of bytes: UnsafeRawBufferPointer, _ frames: SectionFrames) -> Int {
        var place = 0
        while index < itemCount, place + itemBytes <= bytes.count {
            switch kind {
            case .sectionTable: check(checksum: bytes.littleEndian(at: place), frames)
            case .seekTable:
                let row = SeekTable.Row(
                    compressedBytes: bytes.littleEndian(at: place), contentBytes: bytes.littleEndian(at: place + 4),
                    checksum: itemBytes > 8 ? bytes.littleEndian(at: place + 8) : 0)
                check(row, frames)
            }
            place += itemBytes
            index += 1
        }
        return place
    }

    private mutating func check(checksum: UInt32, _ frames: SectionFrames) {
        guard index < frames.frameChecksums.count else { return rest.add(checksum) }
        if checksum != frames.frameChecksums[index], mismatch == nil {
            mismatch = .corruptFrame(at: frameOffset)
        }
        if index < frames.rows.count {
            frameOffset += UInt64(frames.rows[index].compressedBytes)
        }
    }

    private mutating func check(_ row: SeekTable.Row, _ frames: SectionFrames) {
        guard index < frames.rows.count else { return rest.add(row) }
        let frame = frames.rows[index]
        guard row != frame, mismatch == nil else { return }
        if row.compressedBytes != frame.compressedBytes {
            mismatch = .seekTableMismatch(
                row: index, .compressedBytes, table: row.compressedBytes, frame: frame.compressedBytes)
        } else if row.contentBytes != frame.contentBytes {
            mismatch = .seekTableMismatch(row: index, .contentBytes, table: row.contentBytes, frame: frame.contentBytes)
        } else {
            mismatch = .seekTableMismatch(row: index, .checksum, table: row.checksum, frame: frame.checksum)
        }
    }

    // MARK: The end

    /// Throws the first fault of the table, after its last byte has been fed.
    ///
    /// - Parameter comparesFrames: false if the frames' checksums are unknown.
    consuming func finish(_ frames: SectionFrames, comparesFrames: Bool) throws(FormatError) {
        switch kind {
        case .sectionTable: try finishSectionTable(frames, comparesFrames: comparesFrames)
        case .seekTable: try finishSeekTable(frames)
        }
    }

    private consuming func finishSectionTable(
        _ frames: SectionFrames, comparesFrames: Bool
    ) throws(FormatError) {
        guard pending.withBytes({ $0.littleEndian(UInt32.self, at: 0) }) == crc else {
            throw .damaged(.sectionTable, at: offset, .checksum)
        }
        let fields = try SectionTable.fields(in: head, rowCount: itemCount, at: offset)
        guard fields.agree(with: frames.rules) else {
            throw .damaged(.sectionTable, at: offset, .flags)
        }
        guard fields.frameCount == frames.dataFrameCount else {
            throw .sectionTableMismatch(table: fields.frameCount, frames: frames.dataFrameCount)
        }
        guard comparesFrames else { return }
        if let mismatch { throw mismatch }
        guard rest.value() == frames.restOfChecksums.value() else {
            throw .laterRowsMismatch(.sectionTable, at: offset, from: frames.frameChecksums.count)
        }
    }

    private consuming func finishSeekTable(_ frames: SectionFrames) throws(FormatError) {
        let offset = offset
        let shape = try pending.withBytes { (footer) throws(FormatError) in
            try SeekTable.Shape(footerOf: footer, at: offset)
        }
        // The length fits a table with the frames' flags, so it is wrong only if the row count is.
        guard shape.rowCount == itemCount else { throw .damaged(.seekTable, at: offset, .length) }
        guard shape.hasChecksums == frames.rules.hasChecksums else {
            throw .damaged(.seekTable, at: offset, .flags)
        }
        if let mismatch { throw mismatch }
        guard rest.value() == frames.restOfRows.value() else {
            throw .laterRowsMismatch(.seekTable, at: offset, from: frames.rows.count)
        }
    }
}
