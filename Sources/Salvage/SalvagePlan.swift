import Ground
import SeekableZstd

/// The steps that recover a damaged file, in the order of its content.
///
/// Salvage works like this: `FrameFinder` finds what is still a frame → `SectionSplit` groups what belongs together →
/// `FrameMatch` compares it with the tables, if there are any, as a `FrameLedger` → the plan says for each frame of the
/// content whether it can be recovered or is lost → `SalvageJob` has it decompressed, and counts as lost what fails.
///
/// If all frames and tables of a file are in place, it is planned as it stands, by `StandingSteps`. A file without
/// marks and tables is planned while it is read. In any other file all frames are found first, at about 250 bytes of
/// memory each.
package final class SalvagePlan {
    private let source: SalvageSource
    private let finder: FrameFinder
    private let tableAtEnd: SeekTableRows?
    /// The steps of a file without damage between its frames; the outer nil means not determined yet.
    private var standing: StandingSteps??
    /// The parts found last.
    private var split = SectionSplit()
    /// The sections of `split` still to come, in reverse order.
    private var sections: [SectionSplit.Section] = []
    private var steps: SectionSteps?
    /// The index of the next frame with content.
    private var frameCount = 0

    package init(_ source: SalvageSource) throws(PoolmapError) {
        self.source = source
        finder = FrameFinder(source)
        tableAtEnd = try seekTableAtEnd(of: source)
    }

    /// The next step; nil at the end.
    ///
    /// Blocks: the first call may read the whole file.
    package func next(probe: FrameFinder.Probe) throws(PoolmapError) -> SalvageStep? {
        if standing == nil {
            let isForeign =
                try tableAtEnd.map { (table) throws(PoolmapError) in try !table.endsWithSectionTable() } ?? false
            standing = .some(try StandingSteps.find(in: source, needsSizes: isForeign))
        }
        if let standing = standing ?? nil { return try standing.next() }
        while true {
            if let step = steps?.next() { return step }
            frameCount = steps?.frameCount ?? frameCount
            steps = nil
            if let section = sections.popLast() {
                steps = try sectionSteps(of: section, in: split)
            } else if let part = try finder.next(probe: probe) {
                try plan(part, probe)
            } else {
                return nil
            }
        }
    }

    private func plan(_ first: FoundPart, _ probe: FrameFinder.Probe) throws(PoolmapError) {
        split = SectionSplit()
        split.append(first, try table(of: first))
        if tableAtEnd != nil || split.beginsSection(0) {
            while let part = try finder.next(probe: probe) {
                split.append(part, try self.table(of: part))
            }
        }
        var table: (SeekTable, UInt64)?
        if let tableAtEnd, tableAtEnd.shape.rowCount <= FrameLedger.mostRows(ofParts: split.parts.count) {
            table = (try tableAtEnd.table(), tableAtEnd.offset)
        }
        sections = split.sections(tableAtEnd: table).reversed()
    }

    private func table(of part: FoundPart) throws(PoolmapError) -> SectionSplit.Table? {
        guard case .skippable(let frame) = part else { return nil }
        let beginning = try source.read(at: frame.offset, count: SectionAuditor.beginningBytes)
        let (isOurs, nibble) = beginning.withUnsafeBytes {
            (SectionTable.isSectionTable($0), SkippableFrame($0)?.nibble)
        }
        guard isOurs || nibble == SkippableFrame.seekTableNibble else { return nil }
        // A table is not longer than the frames before it allow, whether found or not.
        let mostRows = UInt64(FrameLedger.mostRows(ofParts: split.parts.count))
        let limit = UInt64(SectionTable.fixedBytes) + 12 * min(frame.offset / 8, mostRows)
        let bytes = try source.read(at: frame.offset, count: Int(min(frame.compressedBytes, limit)))
        return bytes.withUnsafeBytes { bytes in
            isOurs
                ? .sectionTable(try? SectionTable.parse(bytes, at: frame.offset))
                : .seekTable(try? SeekTable.parse(bytes, at: frame.offset))
        }
    }

    // MARK: One section

    private func sectionSteps(
        of section: SectionSplit.Section, in split: SectionSplit
    ) throws(PoolmapError) -> SectionSteps {
        let rules = split.rules(of: section)
        let ledger = FrameLedger(
            rules: rules, sectionTable: split.sectionTable(of: section),
            seekTable: section.seekTable)
        if let ledger, let steps = try steps(of: section, in: split, rules, by: ledger) {
            return steps
        }
        if let rules, let chunkBytes = rules.chunkBytes {
            return ChunkSteps(
                section, in: split, chunkBytes: UInt64(chunkBytes), hasChecksums: rules.hasChecksums,
                frameCount: frameCount,
                hasContentEnd: try hasContentEnd(section, in: split))
        }
        return ForeignSteps(Array(split.parts[section.parts]), frameCount: frameCount)
    }

    /// The steps according to the tables; nil if they do not belong to this section.
    private func steps(
        of section: SectionSplit.Section, in split: SectionSplit, _ rules: SectionRules?, by ledger: FrameLedger
    ) throws(PoolmapError) -> SectionSteps? {
        var ledger = ledger
        var frames: [FoundFrame] = []
        var runs: [Int] = []
        var gapCount = 0
        for part in split.parts[section.parts] {
            switch part {
            // In another tool's table, rows without content may stand for frames of any kind.
            case .frame(let found) where ledger.isOwn || found.frame.contentBound > 0:
                frames.append(found)
                runs.append(gapCount)
            case .gap: gapCount += 1
            default: break
            }
        }
        if ledger.isOwn, !ledger.hasAnyChunks, ledger.chunkBytes == nil, ledger.rows == nil {
            ledger.chunkBytes = frames.compactMap(\.frame.contentBytes).max()
        }
        let tables = split.tablesOffset(of: section)
        // If nothing was lost or inserted, both are the section's offset; otherwise each is right on one side of the
        // damage.
        var bases = [split.parts[section.parts.lowerBound].range.lowerBound]
        if let start = ledger.start, start != bases[0] { bases.append(start) }
        let match = try FrameMatch(
            frames, runs: runs, isCleanAtEnd: frames.last?.range.upperBound == tables, against: ledger,
            bases: bases,
            crc32c: { [source] (found) throws(PoolmapError) in try source.crc32c(of: found.range) })
        guard match.isTrustworthy else { return nil }
        // Another tool's table may be wrong without consequence: if no bytes are damaged, the content is what a decoder
        // makes of the file as it stands.
        if !ledger.isOwn, gapCount == 0, !match.isInOrder { return nil }
        let steps = LedgerSteps(
            section, in: split, rules, ledger, frames, match, tablesOffset: tables, frameCount: frameCount)
        if !match.isInOrder || gapCount > 0 {
            steps.explain(tables: try flaws(of: section, in: split))
        }
        return steps
    }

    /// The damaged tables of a section.
    private func flaws(of section: SectionSplit.Section, in split: SectionSplit) throws(PoolmapError) -> [String] {
        var flaws: [String] = []
        for part in section.parts {
            let range = split.parts[part].range
            let name: FormatError.Part
            switch split.table(at: part) {
            case .sectionTable(nil)?: name = .sectionTable
            case .seekTable(nil)?: name = .seekTable
            default: continue
            }
            flaws.append("the \(name.rawValue) at bytes \(range.inclusiveText) of the file is damaged")
        }
        return flaws
    }

    /// Whether the end of a section's content is known, because a table, even a damaged one, begins after it.
    private func hasContentEnd(
        _ section: SectionSplit.Section, in split: SectionSplit
    ) throws(PoolmapError) -> Bool {
        for part in section.parts {
            if split.table(at: part) != nil { return true }
        }
        guard case .gap(let gap)? = split.parts[section.parts].last else { return false }
        let bytes = try source.read(at: gap.range.lowerBound, count: SectionAuditor.beginningBytes)
        return bytes.withUnsafeBytes {
            SectionTable.isSectionTable($0) || SkippableFrame($0)?.nibble == SkippableFrame.seekTableNibble
        }
    }
}

extension Range<UInt64> {
    /// The first and the last offset, such as "44 to 99".
    package var inclusiveText: String {
        "\(lowerBound) to \(Swift.max(upperBound, lowerBound + 1) - 1)"
    }
}

extension SalvageSource {
    /// The CRC-32C of a part of the file.
    package func crc32c(of range: Range<UInt64>) throws(PoolmapError) -> UInt32 {
        var checksum: UInt32 = 0
        var offset = range.lowerBound
        while offset < range.upperBound {
            let bytes = try read(at: offset, count: Int(Swift.min(1 << 20, range.upperBound - offset)))
            checksum = bytes.withUnsafeBytes { CRC32C.checksum(of: $0, continuing: checksum) }
            offset += UInt64(bytes.count)
        }
        return checksum
    }
}
