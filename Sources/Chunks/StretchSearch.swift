import Ground

/// Bytes that can be read at any offset, such as those of a regular file.
package protocol ByteSource {
    var byteCount: UInt64 { get }

    /// Fills the space; throws `changed` if there are fewer bytes.
    func readAll(into space: UnsafeMutableRawBufferPointer, at place: UInt64) throws(PoolmapError)
}

/// The scanner's state at a place of a file.
package struct BorderState: BitwiseCopyable, Sendable {
    /// Whether the place is within double quotes.
    var isQuoted = false
    /// How many records ended before it.
    var recordCount: UInt64 = 0

    /// The state after a stretch that was surveyed.
    func behind(_ survey: StretchBorders) -> BorderState {
        BorderState(
            isQuoted: isQuoted != survey.togglesQuotes,
            recordCount: recordCount + (isQuoted ? survey.countWithinQuotes : survey.count))
    }
}

/// What to find out about a stretch of a file.
package enum BorderQuestion: BitwiseCopyable, Sendable {
    /// How it changes the state.
    case survey
    /// Its borders, given the state before it.
    case borders(BorderState)
}

/// What was found in a stretch of a file; `FoundBorders.add` joins these.
package struct StretchBorders: Codable, Sendable {
    package let start: UInt64
    package let end: UInt64
    package var borders: [UInt64] = []

    // Results of a survey:
    package var isSurvey = false
    package var togglesQuotes = false
    /// The number of records that end in the stretch if it begins outside quotes, and if it begins within.
    package var count: UInt64 = 0
    package var countWithinQuotes: UInt64 = 0

    package init(from start: UInt64, to end: UInt64) {
        (self.start, self.end) = (start, end)
    }

    fileprivate init(_ stretch: Range<UInt64>) {
        self.init(from: stretch.lowerBound, to: stretch.upperBound)
    }
}

/// Searches a stretch of a file for chunk borders.
package struct StretchSearch: ~Copyable {
    private var input = Scratch()

    package init() {}

    private static let firstBytes = 4096
    /// Small enough that what is read stays in the processor's cache.
    private static let cachedBytes = 256 << 10

    package mutating func perform(
        _ question: BorderQuestion, in stretch: Range<UInt64>, _ rule: BorderRule, _ kind: RecordKind,
        of file: some ByteSource
    ) throws(PoolmapError) -> StretchBorders {
        switch question {
        case .survey: return try survey(stretch, rule, kind, file)
        case .borders(let state):
            return rule.recordCount > 0
                ? try borders(ofRecordsFrom: state, stretch, rule, kind, file)
                : try borders(ofCutsFrom: state, stretch, rule, kind, file)
        }
    }

    /// Calls `body` with the end of each record from `start` on, until it returns true.
    ///
    /// - Parameter end: where the search ends, except for what a line begun before it needs; the scanner keeps the
    ///   state here.
    private mutating func scan(
        _ scanner: inout RecordScanner, from start: UInt64, to end: UInt64, firstBytes: Int, _ file: some ByteSource,
        _ body: (UInt64) -> Bool
    ) throws(PoolmapError) {
        var place = start
        var byteCount = firstBytes
        while place < end || (place < file.byteCount && scanner.hasOpenLine) {
            let most = (place < end ? end : file.byteCount) - place
            let space = try input.space(of: Int(min(UInt64(byteCount), most)))
            try file.readAll(into: space, at: place)
            var isEnough = false
            scanner.feed(UnsafeRawBufferPointer(space), at: place) { end in
                isEnough = body(end)
                return isEnough
            }
            if isEnough { return }
            place += UInt64(space.count)
            byteCount = min(4 * byteCount, StretchSearch.cachedBytes)
        }
        if place == file.byteCount {
            scanner.finish(at: place, body)
        }
    }

    private mutating func survey(
        _ stretch: Range<UInt64>, _ rule: BorderRule, _ kind: RecordKind, _ file: some ByteSource
    ) throws(PoolmapError) -> StretchBorders {
        var found = StretchBorders(stretch)
        found.isSurvey = true
        found.togglesQuotes = try forEachEnd(stretch, rule, kind, isQuoted: false, file) { _ in found.count += 1 }
        if rule.recordCount > 0, kind.dependsOnAll {
            _ = try forEachEnd(stretch, rule, kind, isQuoted: true, file) { _ in found.countWithinQuotes += 1 }
        }
        return found
    }

    /// Calls `body` with each record end in a stretch; returns whether the stretch ends within quotes.
    ///
    /// - Parameter isQuoted: whether it begins within quotes.
    private mutating func forEachEnd(
        _ stretch: Range<UInt64>, _ rule: BorderRule, _ kind: RecordKind, isQuoted: Bool, _ file: some ByteSource,
        _ body: (UInt64) -> Void
    ) throws(PoolmapError) -> Bool {
        var scanner = RecordScanner(kind, isQuoted: isQuoted, isAtStart: stretch.lowerBound == rule.start)
        // Ends whose delimiter begins in this stretch, so that each belongs to exactly one stretch.
        let ends = stretch.lowerBound + rule.endBytes..<stretch.upperBound + rule.endBytes
        let last = min(stretch.upperBound + rule.endBytes - 1, file.byteCount)
        try scan(&scanner, from: stretch.lowerBound, to: last, firstBytes: StretchSearch.cachedBytes, file) {
            if ends.contains($0) { body($0) }
            return false
        }
        return scanner.isQuoted
    }

    /// Finds every n-th record end, counted over the whole file.
    private mutating func borders(
        ofRecordsFrom state: BorderState, _ stretch: Range<UInt64>, _ rule: BorderRule, _ kind: RecordKind,
        _ file: some ByteSource
    ) throws(PoolmapError) -> StretchBorders {
        var found = StretchBorders(stretch)
        var count = state.recordCount
        _ = try forEachEnd(stretch, rule, kind, isQuoted: state.isQuoted, file) {
            count += 1
            if count % rule.recordCount == 0 {
                found.borders.append($0)
            }
        }
        return found
    }

    /// Finds the first record end at or after each cut in the stretch.
    private mutating func borders(
        ofCutsFrom state: BorderState, _ stretch: Range<UInt64>, _ rule: BorderRule, _ kind: RecordKind,
        _ file: some ByteSource
    ) throws(PoolmapError) -> StretchBorders {
        var found = StretchBorders(stretch)
        let most = rule.mostRecordBytes
        var (start, isQuoted) = (stretch.lowerBound, state.isQuoted)
        var cut = rule.cut(behind: start > rule.start ? start - 1 : start)
        while cut < stretch.upperBound {
            // The bytes between a border and the next cut are skipped, unless everything counts.
            var scanner = RecordScanner(kind, isQuoted: isQuoted)
            let first = rule.firstBorder(of: cut)
            var border: UInt64?
            let end = min(file.byteCount, cut + most)
            try scan(
                &scanner, from: kind.dependsOnAll ? start : cut, to: end,
                firstBytes: kind.dependsOnAll ? StretchSearch.cachedBytes : StretchSearch.firstBytes, file
            ) {
                border = $0 >= first ? $0 : nil
                return border != nil
            }
            border = border ?? (end == file.byteCount ? end : nil)
            if let border, border <= cut + most {
                found.borders.append(border)
                (start, isQuoted) = (border, false)
            }
            // Cuts before the record's end share this border. A cut without a border does not end the search: only the
            // front knows which cuts belong to chunks.
            let passed = border.map { max(cut, $0 - min($0, rule.endBytes)) } ?? cut
            cut = rule.cut(behind: passed)
        }
        return found
    }
}
