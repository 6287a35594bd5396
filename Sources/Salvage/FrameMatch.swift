import Ground
import SeekableZstd

/// Determines which frame of a section is which, when some are damaged, lost, or out of place.
///
/// A frame is recognized by its length and its content checksum, both of which are in its row of the seek table, or,
/// without a seek table, by the CRC-32C of its bytes, which is in the section table. A frame that the tables do not
/// give, or give wrongly, is identified by its neighbours if no damage lies between them, or by the offset that the
/// tables give.
struct FrameMatch {
    private let ledger: FrameLedger
    private let frames: [FoundFrame]
    /// The run of each frame; frames without a gap between them share a run.
    private let runs: [Int]
    private let crc32c: (FoundFrame) throws(PoolmapError) -> UInt32

    /// The ledger index of each frame found; nil if it has none.
    private(set) var numbers: [Int?]
    /// The frame found for each ledger index.
    private(set) var holders: [Int?]
    /// How many frames were recognized by what the tables say.
    private(set) var knownCount = 0
    /// The ledger indexes sorted by key; empty until needed.
    private var order: [Int] = []
    private let usesRowChecksums: Bool

    /// - Parameters:
    ///   - runs: a number for each frame, shared by frames without a gap between them, and 0 if there is none before
    ///     the first.
    ///   - isCleanAtEnd: whether there is no gap between the last frame and the tables.
    ///   - bases: the offsets at which the section may begin.
    ///   - crc32c: computes the CRC-32C of a frame's bytes.
    init(
        _ frames: [FoundFrame], runs: [Int], isCleanAtEnd: Bool, against ledger: FrameLedger, bases: [UInt64],
        crc32c: @escaping (FoundFrame) throws(PoolmapError) -> UInt32
    ) throws(PoolmapError) {
        self.ledger = ledger
        self.frames = frames
        self.runs = runs
        self.crc32c = crc32c
        numbers = Array(repeating: nil, count: frames.count)
        holders = Array(repeating: nil, count: ledger.count)
        usesRowChecksums = ledger.rowsHaveChecksums && frames.contains { $0.contentChecksum != nil }
        try matchKnown(bases)
        matchRunsByLengths()
        matchNeighbours(isCleanAtEnd)
        for index in frames.indices where numbers[index] == nil {
            if let number = numberByPlace(of: index, bases, mustAgree: false) {
                assign(number, to: index)
            }
        }
    }

    /// Whether the ledger describes these frames.
    ///
    /// A wrong table must not cost a frame that exists: if this is false, frames are used in file order, without a
    /// ledger.
    var isTrustworthy: Bool {
        if ledger.isConfirmed {
            // All frames of the section may be lost, and those found may be frames that were part of their content.
            return knownCount > 0
                || frames.indices.allSatisfy {
                    runs[$0] > 0 && frames[$0].frame.compressedBytes <= FrameInfo.maximumBlockBytes
                }
        }
        guard knownCount > 0, knownCount * 2 >= frames.count else { return false }
        let runsWithMatches = Set(frames.indices.filter { numbers[$0] != nil }.map { runs[$0] })
        return frames.indices.allSatisfy { index in
            numbers[index] != nil || !runsWithMatches.contains(runs[index]) || isCopy(index)
        }
    }

    /// Whether exactly the ledger's frames were found, in order.
    var isInOrder: Bool {
        frames.count == ledger.count && numbers.enumerated().allSatisfy { $0.offset == $0.element }
    }

    private mutating func assign(_ number: Int, to index: Int) {
        numbers[index] = number
        holders[number] = index
    }

    // MARK: By the tables

    private mutating func matchKnown(_ bases: [UInt64]) throws(PoolmapError) {
        var last = -1
        for index in frames.indices {
            var number = numberByPlace(of: index, bases, mustAgree: true)
            if number == nil {
                number = try numberByKey(of: index, after: last)
            }
            if let number {
                assign(number, to: index)
                knownCount += 1
                last = number
            }
        }
    }

    private func agrees(_ row: SeekTable.Row, _ found: FoundFrame) -> Bool {
        guard UInt64(row.compressedBytes) == found.frame.compressedBytes else { return false }
        guard usesRowChecksums, let checksum = found.contentChecksum else { return true }
        return checksum == row.checksum
    }

    private func numberByPlace(of index: Int, _ bases: [UInt64], mustAgree: Bool) -> Int? {
        guard let rows = ledger.rows, let offsets = ledger.offsets else { return nil }
        let found = frames[index]
        for base in bases where found.frame.offset >= base {
            let offset = found.frame.offset - base
            let number = offsets.lowerBound { $0 < offset }
            if number < offsets.count, offsets[number] == offset, holders[number] == nil,
                !mustAgree || agrees(rows[number], found)
            {
                return number
            }
        }
        return nil
    }

    private mutating func numberByKey(of index: Int, after last: Int) throws(PoolmapError) -> Int? {
        let wanted: UInt64
        if ledger.rows != nil {
            wanted = key(ofLength: frames[index].frame.compressedBytes, frames[index].contentChecksum ?? 0)
        } else if ledger.frameChecksums != nil {
            wanted = UInt64(try crc32c(frames[index]))
        } else {
            return nil
        }
        if order.isEmpty {
            order = (0..<ledger.count).sorted { (key(of: $0), $0) < (key(of: $1), $1) }
        }
        let first = order.lowerBound { key(of: $0) < wanted }
        let next = order.lowerBound { (key(of: $0), $0) < (wanted, last + 1) }
        // Lengths alone do not identify a frame if several frames share one.
        if ledger.rows != nil, !usesRowChecksums {
            let isOnlyOne = first < order.count && (first + 1 == order.count || key(of: order[first + 1]) != wanted)
            return isOnlyOne ? free(first, wanted) : nil
        }
        return free(next, wanted) ?? free(first, wanted)
    }

    /// The first free index with this key from a place in `order` on; only a few places are tried.
    private func free(_ place: Int, _ wanted: UInt64) -> Int? {
        order[place...].prefix(64).prefix { key(of: $0) == wanted }.first { holders[$0] == nil }
    }

    private func key(of number: Int) -> UInt64 {
        if let row = ledger.rows?[number] {
            return key(ofLength: UInt64(row.compressedBytes), row.checksum)
        }
        return UInt64(ledger.frameChecksums?[number] ?? 0)
    }

    private func key(ofLength length: UInt64, _ checksum: UInt32) -> UInt64 {
        // No row has a longer frame.
        guard length <= UInt64(UInt32.max) else { return .max }
        return length << 32 | (usesRowChecksums ? UInt64(checksum) : 0)
    }

    /// Whether the same frame was found elsewhere too.
    private func isCopy(_ index: Int) -> Bool {
        guard usesRowChecksums, !order.isEmpty else { return false }
        let wanted = key(ofLength: frames[index].frame.compressedBytes, frames[index].contentChecksum ?? 0)
        let place = order.lowerBound { key(of: $0) < wanted }
        return place < order.count && key(of: order[place]) == wanted
    }

    /// Recognizes the frames of a run by all their lengths together, when there are no checksums to recognize each by
    /// itself.
    private mutating func matchRunsByLengths() {
        guard let rows = ledger.rows, !usesRowChecksums else { return }
        var start = 0
        while start < frames.count {
            let end = frames[start...].indices.first { runs[$0] != runs[start] } ?? frames.count
            if numbers[start..<end].allSatisfy({ $0 == nil }) {
                let first = numbers[..<start].last { $0 != nil }.flatMap { $0 }.map { $0 + 1 } ?? 0
                let limit = numbers[end...].first { $0 != nil }.flatMap { $0 } ?? ledger.count
                var places = (first..<max(first, limit)).lazy.filter { [self] place in
                    place + (end - start) <= limit
                        && (start..<end).allSatisfy { agrees(rows[place + $0 - start], frames[$0]) }
                }.makeIterator()
                if let place = places.next(), places.next() == nil {
                    for index in start..<end { assign(place + index - start, to: index) }
                    knownCount += end - start
                }
            }
            start = end
        }
    }

    // MARK: By the neighbours

    private mutating func matchNeighbours(_ isCleanAtEnd: Bool) {
        for index in frames.indices where numbers[index] == nil {
            let before: Int?
            if index == 0 {
                before = runs[0] == 0 ? -1 : nil
            } else {
                before = runs[index] == runs[index - 1] ? numbers[index - 1] : nil
            }
            if let before, before + 1 < ledger.count, holders[before + 1] == nil {
                assign(before + 1, to: index)
            }
        }
        for index in frames.indices.reversed() where numbers[index] == nil {
            let after: Int?
            if index == frames.count - 1 {
                after = isCleanAtEnd ? ledger.count : nil
            } else {
                after = runs[index] == runs[index + 1] ? numbers[index + 1] : nil
            }
            if let after, after > 0, holders[after - 1] == nil {
                assign(after - 1, to: index)
            }
        }
    }
}

extension Array {
    /// The index of the first element for which `isInFront` is false, in an array partitioned by it.
    package func lowerBound(_ isInFront: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if isInFront(self[middle]) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
