import SeekableZstd

/// The parts of a damaged file, grouped into sections: data frames and the tables that belong to them.
///
/// Concatenated files have several sections. Parts that no mark and no table claims form a section too.
struct SectionSplit {
    /// A table that a skippable frame holds; the payload is nil if it is damaged.
    enum Table {
        case sectionTable(SectionTable?)
        case seekTable(SeekTable?)
    }

    /// Parts that belong together.
    struct Section {
        let parts: Range<Int>
        /// The seek table that ends it, and its offset.
        var seekTable: (table: SeekTable, offset: UInt64)?
    }

    private(set) var parts: [FoundPart] = []
    private var tables: [Int: Table] = [:]

    /// The most bytes of a file that can be the content of one block.
    private static let mostNestedBytes = FrameInfo.maximumBlockBytes

    package mutating func append(_ part: FoundPart, _ table: Table?) {
        tables[parts.count] = table
        parts.append(part)
    }

    /// The rules from a section's first frame, if its header is intact.
    func rules(of section: Section) -> SectionRules? {
        switch parts[section.parts.lowerBound] {
        case .frame(let found):
            let frame = found.frame
            return SectionRules(
                mark: frame.mark, contentBytes: frame.contentBytes, hasChecksums: frame.hasChecksum ?? false)
        case .gap(let gap): return gap.firstHead?.rules
        case .skippable: return nil
        }
    }

    /// Whether a part has the mark of a section's first frame.
    func beginsSection(_ part: Int) -> Bool {
        switch parts[part] {
        case .frame(let found): found.frame.mark != nil
        case .gap(let gap): gap.firstHead?.mark != nil
        case .skippable: false
        }
    }

    /// The section table of a section, if it is present and intact.
    func sectionTable(of section: Section) -> SectionTable? {
        for part in section.parts.reversed() {
            if case .sectionTable(let table?)? = tables[part] { return table }
        }
        return nil
    }

    /// The offset of a section's tables, as far as they are recognizable.
    func tablesOffset(of section: Section) -> UInt64? {
        var offset = section.seekTable?.offset
        for part in section.parts.reversed() {
            switch tables[part] {
            case .sectionTable?: return parts[part].range.lowerBound
            case .seekTable? where offset == nil: offset = parts[part].range.lowerBound
            default: break
            }
        }
        return offset
    }

    /// The table that a part holds, if any.
    func table(at part: Int) -> Table? {
        tables[part]
    }

    /// All sections, in order.
    ///
    /// - Parameter tableAtEnd: the seek table at the end of the file, which is not among the parts if its beginning is
    ///   damaged.
    mutating func sections(tableAtEnd: (table: SeekTable, offset: UInt64)?) -> [Section] {
        removeNested()
        // Backwards from the end: a table claims what is before it, including other tables.
        var sections: [Section] = []
        var end = parts.count
        if let tableAtEnd, end > 0, seekTable(at: end - 1) == nil {
            let begin = beginning(of: tableAtEnd, before: end - 1)
            sections.append(Section(parts: begin..<end, seekTable: tableAtEnd))
            end = begin
        }
        while end > 0 {
            guard let last = (0..<end).last(where: { seekTable(at: $0) != nil }), let table = seekTable(at: last) else {
                appendUnclosed(0..<end, to: &sections)
                break
            }
            if last + 1 < end {
                appendUnclosed(last + 1..<end, to: &sections)
            }
            let begin = beginning(of: table, before: last)
            sections.append(Section(parts: begin..<last + 1, seekTable: table))
            end = begin
        }
        return sections.reversed()
    }

    private func seekTable(at part: Int) -> (table: SeekTable, offset: UInt64)? {
        guard case .seekTable(let table?)? = tables[part] else { return nil }
        return (table, parts[part].range.lowerBound)
    }

    /// The first part of a table's section: the one where its rows say; or, if bytes were lost or inserted, the last
    /// marked frame before the first frame that the table lists.
    private func beginning(of table: (table: SeekTable, offset: UInt64), before last: Int) -> Int {
        if let start = SectionSplit.start(of: table) {
            let part = parts.lowerBound { $0.range.lowerBound < start }
            if part <= last, parts[part].range.lowerBound == start { return part }
        }
        let known = Set(table.table.rows.map { SectionSplit.key(UInt64($0.compressedBytes), $0.checksum) })
        var border = last
        while border > 0, !isEndOfWholeSection(border - 1) {
            border -= 1
        }
        let first = (border..<last).first { part in
            guard case .frame(let found) = parts[part] else { return false }
            let checksum = table.table.hasChecksums ? found.contentChecksum ?? 0 : 0
            return known.contains(SectionSplit.key(found.frame.compressedBytes, checksum))
        }
        return (border...(first ?? last)).last(where: beginsSection) ?? border
    }

    private static func start(of table: (table: SeekTable, offset: UInt64)) -> UInt64? {
        let total = table.table.totals.compressedBytes
        return total <= table.offset ? table.offset - total : nil
    }

    private static func key(_ compressedBytes: UInt64, _ checksum: UInt32) -> UInt64 {
        // No row has a longer frame.
        compressedBytes > UInt64(UInt32.max) ? .max : compressedBytes << 32 | UInt64(checksum)
    }

    /// Whether a part is the seek table of a section whose first frame is at the offset that the table gives.
    private func isEndOfWholeSection(_ part: Int) -> Bool {
        guard let table = seekTable(at: part), let start = SectionSplit.start(of: table) else { return false }
        let first = parts.lowerBound { $0.range.lowerBound < start }
        return parts[first].range.lowerBound == start && beginsSection(first)
    }

    /// Appends sections that no seek table ends, in reverse order.
    private func appendUnclosed(_ range: Range<Int>, to sections: inout [Section]) {
        var end = range.upperBound
        for part in range.reversed() where beginsSection(part) || part == range.lowerBound {
            sections.append(Section(parts: part..<end, seekTable: nil))
            end = part
        }
    }

    /// Treats a section as damaged bytes if damaged bytes surround it and it is short enough to be the content of one
    /// block, such as a small file of ours in a damaged frame of an archive.
    private mutating func removeNested() {
        let claimed = Set(parts.indices.compactMap { seekTable(at: $0).flatMap(SectionSplit.start) })
        var kept = SectionSplit()
        var part = 0
        while part < parts.count {
            if case .gap(let before)? = kept.parts.last, let end = endOfNested(at: part, claimed),
                case .gap(let behind) = parts[end]
            {
                let gap = FoundGap(
                    range: before.range.lowerBound..<behind.range.upperBound, reason: before.reason,
                    heads: before.heads)
                kept.parts[kept.parts.count - 1] = .gap(gap)
                part = end + 1
            } else {
                kept.append(parts[part], tables[part])
                part += 1
            }
        }
        self = kept
    }

    /// The gap after the short section that begins at `part`, if there is one.
    ///
    /// - Parameter claimed: where sections begin according to the seek tables.
    private func endOfNested(at part: Int, _ claimed: Set<UInt64>) -> Int? {
        guard case .frame(let first) = parts[part], first.frame.mark != nil else { return nil }
        let start = parts[part].range.lowerBound
        for end in part + 1..<max(parts.count, part + 1) {
            if case .gap = parts[end] { return claimed.contains(start) ? nil : end }
            guard parts[end].range.upperBound <= start + SectionSplit.mostNestedBytes else { return nil }
            if seekTable(at: end) != nil {
                if end + 1 < parts.count, case .gap = parts[end + 1] { return end + 1 }
                return nil
            }
        }
        return nil
    }
}
