import Ground
import SeekableZstd

/// What is to be done to restore a damaged file, in the order of its content.
///
/// This is how salvage goes: `FrameFinder` finds what is still a frame → `SectionSplit` sees which of it belongs
/// together → `FrameMatch` holds it against the tables, where there are any, as a `FrameLedger` → the plan says for each
/// frame of the content whether it is there to be restored or lost → `SalvageJob` has it decompressed, and counts what
/// does not decompress to what is lost.
///
/// A file of which every frame and every table is where it must be is planned as it stands, by `StandingSteps`, and a
/// file without marks and tables as it is read. Of others all frames are found first, and some 250 bytes are kept for
/// each.
package final class SalvagePlan {
    private let source: SalvageSource
    private let finder: FrameFinder
    private let tableAtEnd: SeekTableRows?
    /// The steps of a file without damage between its frames; nil before anyone has looked.
    private var standing: StandingSteps??
    /// What was found last.
    private var split = SectionSplit()
    /// The sections of it that are still to come, the last one first.
    private var sections: [SectionSplit.Section] = []
    private var steps: SectionSteps?
    /// The number of the next frame with content.
    private var frameCount = 0

    package init(_ source: SalvageSource) throws(PoolmapError) {
        self.source = source
        finder = FrameFinder(source)
        tableAtEnd = try seekTableAtEnd(of: source)
    }

    /// The next step, nil at the end.
    ///
    /// Blocks: the first may read all of the file.
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
        // A table is not longer than the frames before it allow, found or not.
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

    /// The steps by what the tables say; nil if they are not this section's.
    private func steps(
        of section: SectionSplit.Section, in split: SectionSplit, _ rules: SectionRules?, by ledger: FrameLedger
    ) throws(PoolmapError) -> SectionSteps? {
        var ledger = ledger
        var frames: [FoundFrame] = []
        var runs: [Int] = []
        var gapCount = 0
        for part in split.parts[section.parts] {
            switch part {
            // The rows of another tool's table that have no content are of frames of any kind.
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
        // As it was written the section begins at both; where bytes were lost or came in, each is right on one side.
        var bases = [split.parts[section.parts.lowerBound].range.lowerBound]
        if let start = ledger.start, start != bases[0] { bases.append(start) }
        let match = try FrameMatch(
            frames, runs: runs, isCleanAtEnd: frames.last?.range.upperBound == tables, against: ledger,
            bases: bases,
            crc32c: { [source] (found) throws(PoolmapError) in try source.crc32c(of: found.range) })
        guard match.isTrustworthy else { return nil }
        // Another tool's table may be wrong, and nobody is the worse for it: where nothing is missing, the content is
        // what a decoder makes of the file as it stands.
        if !ledger.isOwn, gapCount == 0, !match.isInOrder { return nil }
        let steps = LedgerSteps(
            section, in: split, rules, ledger, frames, match, tablesOffset: tables, frameCount: frameCount)
        if !match.isInOrder || gapCount > 0 {
            steps.explain(tables: try flaws(of: section, in: split))
        }
        return steps
    }

    /// What is wrong with the tables of a section that are there.
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

    /// Whether the content of a section is known to have ended, since a table, though damaged, begins behind it.
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
    /// "44 to 99": the first and the last.
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
