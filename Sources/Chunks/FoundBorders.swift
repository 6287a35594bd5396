import Ground

/// The borders of a regular file's chunks, for which the workers look, a stretch of the file each.
///
/// Where all that is before a place says whether a record ends there, a stretch is surveyed first: what it changes for
/// those behind it. These are then looked through once more.
package struct FoundBorders {
    /// What is to be done to know the next chunk.
    package enum Next {
        case chunk(byteCount: UInt64)
        /// Have a worker look at this stretch.
        case look(Range<UInt64>, index: Int, BorderQuestion)
        /// Nothing before a worker has.
        case wait
        /// It would be too long.
        case tooLong
    }

    private let rule: BorderRule
    private let byteCount: UInt64
    private let isSurveyed: Bool
    /// So far ahead of the next chunk borders are looked for, that nobody has to wait for them.
    private let leadBytes: UInt64
    /// Nobody has anything to do before the first stretch is known, so it is short, and those behind it longer by and by.
    private var stretchBytes: UInt64
    private let mostStretchBytes: UInt64
    /// Up to here somebody surveys, or looks for borders at once.
    private var begunTo: UInt64
    private var surveyedTo: UInt64
    private var knownTo: UInt64
    /// What was found behind a stretch that somebody still looks at, by where it begins.
    private var early: (surveys: [UInt64: StretchBorders], borders: [UInt64: StretchBorders]) = ([:], [:])
    /// How things stand behind what was surveyed.
    private var state = BorderState()
    /// What was surveyed, and nobody looks through yet.
    private var surveyed = Line<(Range<UInt64>, BorderState)>()
    private var borders = Line<UInt64>()
    private var taskCount = 0
    private static let leastSurveyedBytes: UInt64 = 1 << 20
    private static let cutsInFirst: UInt64 = 2

    /// How many cuts a stretch has at most: many where chunks are small, since several of these go to a worker together.
    private static func cutsInStretch(_ chunkBytes: UInt64) -> UInt64 {
        min(max(16, (128 << 20) / chunkBytes), 64)
    }

    package init(_ kind: RecordKind, _ rule: BorderRule, byteCount: UInt64, aheadOf chunkCount: Int) {
        self.rule = rule
        self.byteCount = byteCount
        isSurveyed = kind.dependsOnAll || rule.recordCount > 0
        if isSurveyed {
            mostStretchBytes = max(rule.chunkBytes, FoundBorders.leastSurveyedBytes)
            stretchBytes = mostStretchBytes
            leadBytes = mostStretchBytes * UInt64(chunkCount + 1)
        } else {
            mostStretchBytes = rule.chunkBytes * FoundBorders.cutsInStretch(rule.chunkBytes)
            stretchBytes = rule.chunkBytes * FoundBorders.cutsInFirst
            leadBytes = max(rule.chunkBytes * UInt64(chunkCount + 1), 2 * mostStretchBytes)
        }
        begunTo = rule.start
        surveyedTo = rule.start
        knownTo = rule.start
    }

    /// Begins with the chunk at a place that is known to be a border.
    package mutating func begin(at offset: UInt64) {
        // A record may end in the chunk with bytes that are in front of it.
        let start = max(rule.start, offset - min(offset, rule.endBytes - 1))
        (begunTo, surveyedTo, knownTo) = (start, start, start)
    }

    /// What is next for the chunk that begins at `offset`.
    package mutating func next(at offset: UInt64) -> Next {
        if let task = nextTask(at: offset) { return task }
        let cut = rule.cut(behind: offset)
        if rule.recordCount == 0, cut >= byteCount { return chunk(at: offset, to: byteCount) }
        let first = rule.firstBorder(of: cut)
        while let border = borders.first, border < first { borders.removeFirst() }
        if cut < knownTo || rule.recordCount > 0, let border = borders.first { return chunk(at: offset, to: border) }
        // Of a cut all is known as far as a record may reach: where that has no border, it has the data's end.
        if rule.recordCount == 0 { return cut < knownTo ? chunk(at: offset, to: byteCount) : .wait }
        if knownTo >= byteCount { return chunk(at: offset, to: byteCount) }
        return knownTo > rule.limit(ofChunkAt: offset) ? .tooLong : .wait
    }

    private func chunk(at offset: UInt64, to end: UInt64) -> Next {
        end > rule.limit(ofChunkAt: offset) ? .tooLong : .chunk(byteCount: end - offset)
    }

    private mutating func nextTask(at offset: UInt64) -> Next? {
        if let (range, state) = surveyed.first {
            surveyed.removeFirst()
            taskCount += 1
            return .look(range, index: taskCount - 1, .borders(state))
        }
        guard begunTo < byteCount, begunTo < offset + leadBytes else { return nil }
        let start = begunTo
        begunTo = min(start + stretchBytes, byteCount)
        stretchBytes = min(2 * stretchBytes, mostStretchBytes)
        taskCount += 1
        return .look(start..<begunTo, index: taskCount - 1, isSurveyed ? .survey : .borders(BorderState()))
    }

    /// Takes what a worker has found, in whatever order it comes.
    package mutating func add(_ done: StretchBorders) {
        if done.isSurvey {
            early.surveys[done.start] = done
        } else {
            early.borders[done.start] = done
        }
        while let survey = early.surveys.removeValue(forKey: surveyedTo) {
            surveyed.append((survey.start..<survey.end, state))
            state = state.behind(survey)
            surveyedTo = survey.end
        }
        while let found = early.borders.removeValue(forKey: knownTo) {
            for border in found.borders { borders.append(border) }
            knownTo = found.end
        }
    }
}
