import Ground

/// The chunk borders of a regular file, found by workers, each of which searches one stretch of the file at a time.
///
/// If everything before a place decides whether a record ends there, a stretch is first surveyed for how it changes the
/// state of the stretches after it, and searched once the state before it is known.
package struct FoundBorders {
    /// What to do to find the next chunk.
    package enum Next {
        case chunk(byteCount: UInt64)
        /// Have a worker examine this stretch.
        case look(Range<UInt64>, index: Int, BorderQuestion)
        /// Wait until a worker has returned its result.
        case wait
        /// The chunk would be too long.
        case tooLong
    }

    private let rule: BorderRule
    private let byteCount: UInt64
    private let isSurveyed: Bool
    /// How far ahead of the next chunk borders are searched, so that chunks need not wait for them.
    private let leadBytes: UInt64
    /// The size of the next stretch: small at first, because all work waits for the first stretch, then growing.
    private var stretchBytes: UInt64
    private let mostStretchBytes: UInt64
    /// The end of the stretches handed out to be surveyed, or to be searched directly.
    private var begunTo: UInt64
    private var surveyedTo: UInt64
    private var knownTo: UInt64
    /// Results for stretches whose predecessors are still being examined, by where they begin.
    private var early: (surveys: [UInt64: StretchBorders], borders: [UInt64: StretchBorders]) = ([:], [:])
    /// The state after everything surveyed so far.
    private var state = BorderState()
    /// Stretches that are surveyed and not yet handed out to be searched.
    private var surveyed = Line<(Range<UInt64>, BorderState)>()
    private var borders = Line<UInt64>()
    private var taskCount = 0
    private static let leastSurveyedBytes: UInt64 = 1 << 20
    private static let cutsInFirst: UInt64 = 2

    /// The most cuts in a stretch: many if chunks are small, since several small chunks go to a worker together.
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

    /// Starts with the chunk at a known border.
    package mutating func begin(at offset: UInt64) {
        // A record may end in this chunk with a separator that begins before it.
        let start = max(rule.start, offset - min(offset, rule.endBytes - 1))
        (begunTo, surveyedTo, knownTo) = (start, start, start)
    }

    /// The next step for the chunk that begins at `offset`.
    package mutating func next(at offset: UInt64) -> Next {
        if let task = nextTask(at: offset) { return task }
        let cut = rule.cut(behind: offset)
        if rule.recordCount == 0, cut >= byteCount { return chunk(at: offset, to: byteCount) }
        let first = rule.firstBorder(of: cut)
        while let border = borders.first, border < first { borders.removeFirst() }
        if cut < knownTo || rule.recordCount > 0, let border = borders.first { return chunk(at: offset, to: border) }
        // A cut before `knownTo` has been searched as far as a record may reach: if no border was found, the data ends
        // there.
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

    /// Takes a worker's result; results may arrive in any order.
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
