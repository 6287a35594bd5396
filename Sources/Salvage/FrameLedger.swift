import Ground
import SeekableZstd

/// What the tables of a section say of its data frames, as far as the tables can be believed.
///
/// Of another tool's file with a seek table: of the frames that have content.
struct FrameLedger {
    /// The number of data frames.
    let count: Int
    /// What the seek table says of each; nil without a seek table that can be used.
    let rows: [SeekTable.Row]?
    /// Where each begins by the seek table, from the beginning of the section.
    let offsets: [UInt64]?
    /// Whether the rows have checksums.
    let rowsHaveChecksums: Bool
    /// The CRC-32C of each by the section table; nil without one.
    let frameChecksums: [UInt32]?
    /// Where the section begins, if the file is as long as the seek table has it.
    let start: UInt64?
    /// Whether it is a section of ours.
    let isOwn: Bool
    /// Whether each of its frames has a size of its own.
    let hasAnyChunks: Bool
    /// The size of the content of all frames but the last, if they have the same and it is known.
    var chunkBytes: UInt64?

    /// A ledger out of those tables that are there and whole; nil if they do not say how many frames there are.
    ///
    /// - Parameters:
    ///   - rules: what its first frame says, if that can be read.
    ///   - seekTable: the table, and where it is.
    init?(
        rules: SectionRules?, sectionTable: SectionTable?,
        seekTable: (table: SeekTable, offset: UInt64)?
    ) {
        isOwn = rules != nil || sectionTable != nil || seekTable?.table.endsWithSectionTable ?? false
        var data = FrameLedger.dataRows(seekTable?.table, isOwn: isOwn)
        // The section table has a checksum of its own, the seek table has none.
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

    /// The size on which the rows and the first frame agree, of which either can be damaged; or what most rows say.
    private static func chunkBytes(_ rows: [SeekTable.Row], _ ofFirst: UInt64?) -> UInt64? {
        guard let ofRows = majority(rows) else { return ofFirst }
        return rows.count > 2 || ofFirst == nil || ofFirst == ofRows ? ofRows : nil
    }

    /// The size of the content that more than half of the rows have, without the last; a row can be damaged.
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

    /// Whether the number of frames is sure: the section table has a checksum of its own.
    var isConfirmed: Bool { frameChecksums != nil }

    /// The size of the content of a frame; nil if no table says it.
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
/// It is believed also where only its first eight bytes are damaged, which its last nine tell again, if its rows end
/// like those of a section or are as long as the file. It is not believed where most of its rows can be of no frame, as
/// in a hole of the file.
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
    /// The most rows that a table is believed to have, where there are so many parts of a file: many of them may be
    /// lost, and yet a table must not take all memory.
    static func mostRows(ofParts count: Int) -> Int {
        (1 << 18) + 4 * count
    }
}
