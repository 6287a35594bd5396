import SeekableZstd

/// The steps for one section, produced one by one.
class SectionSteps {
    /// The index of the next frame with content, over the whole file.
    fileprivate(set) var frameCount: Int
    private var ready: [SalvageStep] = []
    private var takenCount = 0

    fileprivate init(frameCount: Int) {
        self.frameCount = frameCount
    }

    /// The next step; nil at the end.
    func next() -> SalvageStep? {
        while takenCount == ready.count {
            ready.removeAll(keepingCapacity: true)
            takenCount = 0
            guard advance() else { return nil }
        }
        defer { takenCount += 1 }
        return ready[takenCount]
    }

    fileprivate func append(_ step: SalvageStep) {
        ready.append(step)
    }

    /// Produces more steps; returns false at the end.
    fileprivate func advance() -> Bool {
        false
    }

    fileprivate func lose(
        _ gap: FoundGap, frames count: Int?, _ contentBytes: UInt64?, isAssumed: Bool = true
    ) {
        let frames = count.map { frameCount...frameCount + $0 - 1 }
        frameCount += count ?? 1
        append(
            .lost(
                SalvageLoss(
                    frames: frames, file: gap.range, contentBytes: contentBytes, isAssumed: isAssumed,
                    reason: gap.reason)))
    }

    fileprivate func restore(_ frame: SalvageFrame) {
        append(.frame(frame))
        frameCount += 1
    }
}

/// Steps for a section with usable tables: each frame has its place in the content, whatever happened to the others.
final class LedgerSteps: SectionSteps {
    private let parts: ArraySlice<FoundPart>
    private let rules: SectionRules?
    private let ledger: FrameLedger
    private let frames: [FoundFrame]
    private let match: FrameMatch
    private let gaps: [FoundGap]
    private let tablesOffset: UInt64
    private let firstNumber: Int
    /// Nothing is missing: the parts are used in file order and checked against the rules of the format.
    private let isAsWritten: Bool
    private var part: Int
    private var number = 0

    init(
        _ section: SectionSplit.Section, in split: SectionSplit, _ rules: SectionRules?, _ ledger: FrameLedger,
        _ frames: [FoundFrame], _ match: FrameMatch, tablesOffset: UInt64?, frameCount: Int
    ) {
        parts = split.parts[section.parts]
        self.rules = rules
        self.ledger = ledger
        self.frames = frames
        self.match = match
        gaps = parts.compactMap {
            if case .gap(let gap) = $0 { return gap }
            return nil
        }
        self.tablesOffset = tablesOffset ?? parts.last?.range.upperBound ?? 0
        firstNumber = frameCount
        isAsWritten = match.isInOrder && gaps.isEmpty
        part = parts.startIndex
        super.init(frameCount: frameCount)
    }

    fileprivate override func advance() -> Bool {
        isAsWritten ? advanceInFile() : advanceInContent()
    }

    private func advanceInFile() -> Bool {
        guard part < parts.endIndex else { return false }
        switch parts[part] {
        case .frame(let found) where ledger.isOwn || found.frame.contentBound > 0:
            restore(salvageFrame(number, found))
            number += 1
        case .frame(let found): restore(SalvageFrame(found: found, number: frameCount))
        case .skippable(let frame): append(.skippable(frame))
        case .gap: break
        }
        part += 1
        return true
    }

    private func advanceInContent() -> Bool {
        guard number < ledger.count else { return false }
        if let holder = match.holders[number] {
            restore(salvageFrame(number, frames[holder]))
            number += 1
            return true
        }
        let first = number
        while number < ledger.count, match.holders[number] == nil {
            number += 1
        }
        let last = number - 1
        // Only the last frame can have an unknown length.
        let unknown = ledger.contentBytes(last) == nil ? last : number
        appendLoss(first..<unknown)
        appendLoss(unknown..<number)
        frameCount = firstNumber + number
        return true
    }

    private func appendLoss(_ numbers: Range<Int>) {
        guard let first = numbers.first, let last = numbers.last else { return }
        let file = place(of: numbers)
        append(
            .lost(
                SalvageLoss(
                    frames: firstNumber + first...firstNumber + last, file: file,
                    contentBytes: numbers.reduce(0) { sum, number in
                        sum.flatMap { sum in ledger.contentBytes(number).map { sum + $0 } }
                    },
                    isAssumed: false, reason: gap(in: file)?.reason ?? "there is no such frame in the file")))
    }

    private func salvageFrame(_ number: Int, _ found: FoundFrame) -> SalvageFrame {
        let isFull = ledger.isOwn && number < ledger.count - 1
        return SalvageFrame(
            found: found, number: frameCount, contentBytes: isFull ? ledger.chunkBytes : nil,
            rowContentBytes: ledger.contentBytes(number),
            rowChecksum: ledger.rowsHaveChecksums ? ledger.rows?[number].checksum : nil,
            crc32c: ledger.frameChecksums?[number], mustHaveChecksum: rules?.hasChecksums ?? false)
    }

    // MARK: Reasons and remarks

    /// The bytes between the frames before and after these.
    private func place(of numbers: Range<Int>) -> Range<UInt64> {
        let before = numbers.lowerBound > 0 ? match.holders[numbers.lowerBound - 1] : nil
        let behind = numbers.upperBound < ledger.count ? match.holders[numbers.upperBound] : nil
        let start = before.map { frames[$0].range.upperBound } ?? parts.first?.range.lowerBound ?? 0
        let end = behind.map { frames[$0].range.lowerBound } ?? tablesOffset
        return start..<max(start, end)
    }

    private func gap(in file: Range<UInt64>) -> FoundGap? {
        let index = gaps.lowerBound { $0.range.upperBound <= file.lowerBound }
        guard index < gaps.count, gaps[index].range.overlaps(file) else { return nil }
        return gaps[index]
    }

    /// Reports damage that loses no content.
    func explain(tables flaws: [String]) {
        for index in harmlessGaps() {
            append(.harmless("bytes \(gaps[index].range.inclusiveText) of the file are damaged: \(gaps[index].reason)"))
        }
        for flaw in flaws {
            append(.harmless(flaw))
        }
        let numbers = match.numbers.compactMap { $0 }
        if zip(numbers, numbers.dropFirst()).contains(where: { $0 > $1 }) {
            append(.harmless("the frames are out of order in the file"))
        }
        for index in frames.indices where match.numbers[index] == nil {
            let range = frames[index].range.inclusiveText
            append(.harmless("the frame at bytes \(range) of the file is not in the tables; it is left out"))
        }
    }

    /// The gaps that cannot have contained a lost frame.
    private func harmlessGaps() -> [Int] {
        var isHarmless = Array(repeating: true, count: gaps.count)
        var number = 0
        while number < ledger.count {
            let first = number
            while number < ledger.count, match.holders[number] == nil {
                number += 1
            }
            if first == number {
                number += 1
                continue
            }
            let place = place(of: first..<number)
            var index = gaps.lowerBound { $0.range.upperBound <= place.lowerBound }
            while index < gaps.count, gaps[index].range.overlaps(place) {
                isHarmless[index] = false
                index += 1
            }
        }
        return gaps.indices.filter { isHarmless[$0] }
    }
}

/// Steps for a section without a table that gives the number of frames: only their content size is known.
final class ChunkSteps: SectionSteps {
    private let parts: ArraySlice<FoundPart>
    private let chunkBytes: UInt64
    private let hasChecksums: Bool
    /// Whether a table, even a damaged one, shows that no frame followed the last.
    private let hasContentEnd: Bool
    /// Whether the damage at the end has been reported.
    private var isEndTold = false
    private let lastFrame: Int?
    private var part: Int
    /// Whether there was damage since the last frame.
    private var isBehindGap = false
    private var endedShort = false
    private var isDone = false

    init(
        _ section: SectionSplit.Section, in split: SectionSplit, chunkBytes: UInt64, hasChecksums: Bool,
        frameCount: Int, hasContentEnd: Bool
    ) {
        parts = split.parts[section.parts]
        self.chunkBytes = chunkBytes
        self.hasChecksums = hasChecksums
        self.hasContentEnd = hasContentEnd
        part = parts.startIndex
        lastFrame = parts.indices.last {
            if case .frame = split.parts[$0] { return true }
            return false
        }
        super.init(frameCount: frameCount)
    }

    fileprivate override func advance() -> Bool {
        guard part < parts.endIndex else { return finish() }
        switch parts[part] {
        case .frame(let found): take(found)
        case .skippable(let frame): append(.skippable(frame))
        case .gap(let gap):
            take(gap)
            isBehindGap = true
        }
        part += 1
        return true
    }

    private func take(_ found: FoundFrame) {
        let contentBytes = found.frame.contentBytes
        // A frame of another size found in damaged bytes was part of the content.
        if isBehindGap, !isPlausible(contentBytes, hasChecksum: found.frame.hasChecksum) {
            let range = found.range.inclusiveText
            return append(
                .harmless("the frame at bytes \(range) of the file does not belong to this section; it is left out"))
        }
        isBehindGap = false
        endedShort = (contentBytes ?? chunkBytes) < chunkBytes
        restore(
            SalvageFrame(
                found: found, number: frameCount, contentBytes: part == lastFrame ? nil : chunkBytes,
                mustHaveChecksum: hasChecksums))
    }

    private func isPlausible(_ contentBytes: UInt64?, hasChecksum: Bool?) -> Bool {
        guard let contentBytes, hasChecksum == hasChecksums else { return false }
        if contentBytes == chunkBytes { return true }
        guard contentBytes < chunkBytes, part == lastFrame else { return false }
        guard part + 1 < parts.endIndex, case .gap = parts[part + 1] else { return true }
        return hasContentEnd
    }

    private func take(_ gap: FoundGap) {
        let isAtEnd = lastFrame.map { part > $0 } ?? true
        let heads = gap.heads.filter {
            $0.hasChecksum == hasChecksums && $0.contentBytes.map { $0 <= chunkBytes } ?? false
        }
        if !isAtEnd {
            // At least one frame began where the last one ended, unless it is counted already.
            let count = max(isBehindGap ? 0 : 1, heads.count { $0.contentBytes == chunkBytes })
            if count > 0 {
                lose(gap, frames: count, UInt64(count) * chunkBytes)
            }
        } else if endedShort || (hasContentEnd && part + 1 == parts.endIndex) {
            append(.harmless("bytes \(gap.range.inclusiveText) of the file are damaged: \(gap.reason)"))
        } else if let first = heads.first, first.offset == gap.range.lowerBound {
            endedShort = (heads.last?.contentBytes ?? chunkBytes) < chunkBytes
            isEndTold = true
            lose(gap, frames: heads.count, heads.reduce(0) { $0 + ($1.contentBytes ?? 0) })
        } else if hasContentEnd {
            lose(gap, frames: nil, nil)
        }
    }

    /// Reports what may have followed the last frame.
    private func finish() -> Bool {
        guard !isDone else { return false }
        isDone = true
        if endedShort || hasContentEnd {
            append(.harmless("the tables at the end of the section are missing, damaged, or those of another section"))
        } else if !isEndTold, case .gap(let last)? = parts.last {
            lose(last, frames: nil, nil)
        } else {
            let end = parts.last?.range.upperBound ?? 0
            let reason = "the tables of the section are missing"
            lose(FoundGap(range: end..<end, reason: reason, heads: []), frames: nil, nil)
        }
        return true
    }
}

/// Steps for frames about which no mark or table says anything, in file order.
final class ForeignSteps: SectionSteps {
    private let parts: [FoundPart]
    private var part = 0

    init(_ parts: [FoundPart], frameCount: Int) {
        self.parts = parts
        super.init(frameCount: frameCount)
    }

    fileprivate override func advance() -> Bool {
        guard part < parts.count else { return false }
        switch parts[part] {
        case .frame(let found): restore(SalvageFrame(found: found, number: frameCount))
        case .skippable(let frame): append(.skippable(frame))
        case .gap(let gap): take(gap)
        }
        part += 1
        return true
    }

    private func take(_ gap: FoundGap) {
        // A block with content takes at least four bytes. A header that announces more is damaged, or its frame is cut.
        let mostBlocks = (gap.range.upperBound - gap.range.lowerBound) / 4 + 1
        if let contentBytes = gap.firstHead?.contentBytes, contentBytes / FrameInfo.maximumBlockBytes <= mostBlocks {
            lose(gap, frames: 1, contentBytes)
        } else {
            lose(gap, frames: nil, nil)
        }
    }
}
