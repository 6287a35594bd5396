import Ground
import SeekableZstd

/// What a section's tables say about its data frames, as far as the tables can be trusted.
///
/// For another tool's file with a seek table, it covers the frames with content.
struct FrameLedger {
    /// The number of data frames.
    let count: Int
    /// The seek table's row of each; nil without a usable seek table.
    let rows: [SeekTable.Row]?
    /// The offset of each from the beginning of the section, by the seek table.
    let offsets: [UInt64]?
    /// Whether the rows have checksums.
    let rowsHaveChecksums: Bool
    /// The CRC-32C of each, from the section table; nil without one.
    let frameChecksums: [UInt32]?
    /// The offset of the section, provided the file is as long as the seek table says.
    let start: UInt64?
    /// Whether the section was written by poolmap.
    let isOwn: Bool
    /// Whether frames may have different content sizes.
    let hasAnyChunks: Bool
    /// The content size of all frames but the last, if it is uniform and known.
    var chunkBytes: UInt64?

    /// Builds a ledger from the tables that are present and intact; nil if they do not give the number of frames.
    ///
    /// - Parameters:
    ///   - rules: the rules from the section's first frame, if it is readable.
    ///   - seekTable: the table and its offset.
    init?(
        rules: SectionRules?, sectionTable: SectionTable?,
        seekTable: (table: SeekTable, offset: UInt64)?
    ) {
        isOwn = rules != nil || sectionTable != nil || seekTable?.table.endsWithSectionTable ?? false
        var data = FrameLedger.dataRows(seekTable?.table, isOwn: isOwn)
        // The section table has its own checksum and the seek table does not, so the section table wins.
        if let sectionTable, let rows = data?.rows, rows.count != sectionTable.fields.frameCount {
            data = nil
        }
        guard let count = data?.rows.count ?? sectionTable?.fields.frameCount, count > 0 else { return nil }
        self.count = count
        rows = data?.rows
        offsets = data?.offsets
        rowsHaveChecksums = seekTable?.table.hasChecksums ?? false
        frameChecksums = sectionTable.flatMap { $0.fields.hasChecksums ? $0.frameChecksums : nil }
        hasAnyChunks = rules.map { $0.chunkBytes == nil } ?? sectionTable?.fields.hasAnyChunks ?? false
        if isOwn, !hasAnyChunks {
            chunkBytes = FrameLedger.chunkBytes(data?.rows ?? [], rules?.chunkBytes.map { UInt64($0) })
        }
        if data != nil, let seekTable {
            let total = seekTable.table.totals.compressedBytes
            start = seekTable.offset >= total ? seekTable.offset - total : nil
        } else {
            start = nil
        }
    }

    private static func dataRows(
        _ table: SeekTable?, isOwn: Bool
    ) -> (rows: [SeekTable.Row], offsets: [UInt64])? {
        guard let table else { return nil }
        var range = 0..<table.rows.count
        if isOwn {
            // The last row is the section table's.
            guard range.count > 1 else { return nil }
            range.removeLast()
        }
        var rows: [SeekTable.Row] = []
        var offsets: [UInt64] = []
        var offset: UInt64 = 0
        for (index, row) in table.rows.enumerated() {
            if range.contains(index), isOwn || row.contentBytes > 0 {
                rows.append(row)
                offsets.append(offset)
            }
            offset += UInt64(row.compressedBytes)
        }
        return (rows, offsets)
    }

    /// The size on which the rows and the first frame agree, since either may be damaged; or that of most rows.
    private static func chunkBytes(_ rows: [SeekTable.Row], _ ofFirst: UInt64?) -> UInt64? {
        guard let ofRows = majority(rows) else { return ofFirst }
        return rows.count > 2 || ofFirst == nil || ofFirst == ofRows ? ofRows : nil
    }

    /// The content size of more than half of the rows, without the last; single rows may be damaged.
    private static func majority(_ rows: [SeekTable.Row]) -> UInt64? {
        var candidate: UInt32?
        var lead = 0
        for row in rows.dropLast() {
            if lead == 0 { candidate = row.contentBytes }
            lead += row.contentBytes == candidate ? 1 : -1
        }
        let others = rows.dropLast().count { $0.contentBytes != candidate }
        return others * 2 < rows.count - 1 ? candidate.map(UInt64.init) : nil
    }

    /// Whether the number of frames is certain: the section table has its own checksum.
    var isConfirmed: Bool { frameChecksums != nil }

    /// The content size of a frame; nil if no table gives it.
    func contentBytes(_ index: Int) -> UInt64? {
        if isOwn, let chunkBytes {
            if index < count - 1 { return chunkBytes }
            return rows.map { UInt64($0[index].contentBytes) }.flatMap { $0 <= chunkBytes ? $0 : nil }
        }
        return rows.map { UInt64($0[index].contentBytes) }
    }
}

/// The seek table at the end of a file.
///
/// Its first eight bytes may be damaged, since the last nine repeat them; it is then accepted if its rows end like
/// those of a section, or add up to the length of the file. It is rejected if most of its rows cannot be frames, as in
/// a hole of the file.
func seekTableAtEnd(of source: SalvageSource) throws(PoolmapError) -> SeekTableRows? {
    let table = try SeekTableRows(ofFileWith: source.byteCount) { (offset, count) throws(PoolmapError) in
        try source.read(at: offset, count: count)
    }
    guard let table, table.hasRoomForItsFrames || table.shape.rowCount <= FrameLedger.mostRows(ofParts: 0) else {
        return nil
    }
    let totals = try table.totals { $0.impossibleCount > table.shape.rowCount / 2 }
    guard let totals else { return nil }
    if table.isWhole || totals.compressedBytes == table.offset { return table }
    return try table.endsWithSectionTable() ? table : nil
}

extension FrameLedger {
    /// The most rows that a table may claim in a file of `count` parts: many frames may be lost, but a table must not
    /// exhaust memory.
    static func mostRows(ofParts count: Int) -> Int {
        (1 << 18) + 4 * count
    }
}
