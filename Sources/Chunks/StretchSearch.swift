import Ground

/// Bytes that can be read at any place, as those of a regular file.
package protocol ByteSource {
    var byteCount: UInt64 { get }

    /// Fills the space; throws `changed` where there are fewer bytes.
    func readAll(into space: UnsafeMutableRawBufferPointer, at place: UInt64) throws(PoolmapError)
}

/// How things stand at a place of a file.
package struct BorderState: BitwiseCopyable, Sendable {
    /// Within double quotes.
    var isQuoted = false
    /// How many records have ended before.
    var recordCount: UInt64 = 0

    /// The state behind a stretch that was surveyed.
    func behind(_ survey: StretchBorders) -> BorderState {
        BorderState(
            isQuoted: isQuoted != survey.togglesQuotes,
            recordCount: recordCount + (isQuoted ? survey.countWithinQuotes : survey.count))
    }
}

/// What is asked of a stretch of a file.
package enum BorderQuestion: BitwiseCopyable, Sendable {
    /// What it changes for those behind it.
    case survey
    /// The borders in it.
    case borders(BorderState)
}

/// What was found in a stretch of a file; `FoundBorders.add` joins these.
package struct StretchBorders: Codable, Sendable {
    package let start: UInt64
    package let end: UInt64
    package var borders: [UInt64] = []

    // Of a survey.
    package var isSurvey = false
    package var togglesQuotes = false
    /// The records that end in the stretch, if it begins outside of quotes, and within.
    package var count: UInt64 = 0
    package var countWithinQuotes: UInt64 = 0

    package init(from start: UInt64, to end: UInt64) {
        (self.start, self.end) = (start, end)
    }

    fileprivate init(_ stretch: Range<UInt64>) {
        self.init(from: stretch.lowerBound, to: stretch.upperBound)
    }
}

/// Looks for the borders of chunks in a stretch of a file.
package struct StretchSearch: ~Copyable {
    private var input = Scratch()

    package init() {}

    private static let firstBytes = 4096
    /// What is read at a time stays in the processor's cache.
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

    /// Hands the end of each record to `body`, from a place on, until it says that this is enough.
    ///
    /// - Parameter end: behind it no more is looked for, but by what belongs to it; the scanner's state is that of here.
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

    /// Hands each end of a record in a stretch to `body`; returns whether the stretch ends within quotes.
    ///
    /// - Parameter isQuoted: whether it begins so.
    private mutating func forEachEnd(
        _ stretch: Range<UInt64>, _ rule: BorderRule, _ kind: RecordKind, isQuoted: Bool, _ file: some ByteSource,
        _ body: (UInt64) -> Void
    ) throws(PoolmapError) -> Bool {
        var scanner = RecordScanner(kind, isQuoted: isQuoted, isAtStart: stretch.lowerBound == rule.start)
        // The end of a record that begins in the stretch, and so in no other.
        let ends = stretch.lowerBound + rule.endBytes..<stretch.upperBound + rule.endBytes
        let last = min(stretch.upperBound + rule.endBytes - 1, file.byteCount)
        try scan(&scanner, from: stretch.lowerBound, to: last, firstBytes: StretchSearch.cachedBytes, file) {
            if ends.contains($0) { body($0) }
            return false
        }
        return scanner.isQuoted
    }

    /// Every so many records of all.
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

    /// Of each cut in the stretch the first end at or behind it.
    private mutating func borders(
        ofCutsFrom state: BorderState, _ stretch: Range<UInt64>, _ rule: BorderRule, _ kind: RecordKind,
        _ file: some ByteSource
    ) throws(PoolmapError) -> StretchBorders {
        var found = StretchBorders(stretch)
        let most = rule.mostRecordBytes
        var (start, isQuoted) = (stretch.lowerBound, state.isQuoted)
        var cut = rule.cut(behind: start > rule.start ? start - 1 : start)
        while cut < stretch.upperBound {
            // What is between two cuts is not read, unless all of it counts.
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
            // Those in front of the record's end have this border, too. Where a cut has none, others may: it is for the front
            // to know which are those of chunks.
            let passed = border.map { max(cut, $0 - min($0, rule.endBytes)) } ?? cut
            cut = rule.cut(behind: passed)
        }
        return found
    }
}
