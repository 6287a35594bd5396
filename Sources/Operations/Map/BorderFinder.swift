import Files
import Ground
import Multiprocessing
import Run
import SystemPackage

/// The borders of a regular file's chunks, for which the workers look, a stretch of the file each.
///
/// Where all that is before a place says whether a record ends there, a stretch is surveyed first: what it changes for
/// those behind it. These are then looked through once more.
struct FoundBorders {
    /// What is to be done to know the next chunk.
    enum Next {
        case chunk(byteCount: UInt64)
        /// Have a worker look at this stretch.
        case look(Range<UInt64>, index: Int, BorderFinder.Question)
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
    private let stretchBytes: UInt64
    /// Up to here somebody surveys, or looks for borders at once.
    private var begunTo: UInt64
    private var surveyedTo: UInt64
    private var knownTo: UInt64
    /// What was found behind a stretch that somebody still looks at, by where it begins.
    private var early: (surveys: [UInt64: BorderFinder.Done], borders: [UInt64: BorderFinder.Done]) = ([:], [:])
    /// How things stand behind what was surveyed.
    private var state = BorderFinder.State()
    /// What was surveyed, and nobody looks through yet.
    private var surveyed = Line<(Range<UInt64>, BorderFinder.State)>()
    private var borders = Line<UInt64>()
    private var taskCount = 0
    private static let cutsInStretch: UInt64 = 16
    private static let leastSurveyedBytes: UInt64 = 1 << 20

    init(_ kind: RecordKind, _ rule: BorderRule, byteCount: UInt64, aheadOf chunkCount: Int) {
        self.rule = rule
        self.byteCount = byteCount
        isSurveyed = kind.dependsOnAll || rule.recordCount > 0
        stretchBytes =
            isSurveyed
            ? max(rule.chunkBytes, FoundBorders.leastSurveyedBytes) : rule.chunkBytes * FoundBorders.cutsInStretch
        leadBytes = max(rule.chunkBytes, isSurveyed ? stretchBytes : 0) * UInt64(chunkCount + 1)
        begunTo = rule.start
        surveyedTo = rule.start
        knownTo = rule.start
    }

    /// What is next for the chunk that begins at `offset`.
    mutating func next(at offset: UInt64) -> Next {
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
        // The first stretch is short: nobody has anything to do before it is known.
        let isFirst = taskCount == 0 && !isSurveyed
        begunTo = min(start + (isFirst ? 2 * rule.chunkBytes : stretchBytes), byteCount)
        taskCount += 1
        return .look(start..<begunTo, index: taskCount - 1, isSurveyed ? .survey : .borders(BorderFinder.State()))
    }

    /// Takes what a worker has found, in whatever order it comes.
    mutating func add(_ done: BorderFinder.Done) {
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

/// Looks for the borders of chunks in a stretch of a file.
///
/// What comes of it is joined by `FoundBorders.add`.
final class BorderFinder: Operation {
    private let tools: MapTools?
    private var input = Scratch()

    /// - Parameter tools: nil where nobody asks for any.
    init(_ tools: MapTools?) {
        self.tools = tools
    }

    /// How things stand at a place.
    struct State: BitwiseCopyable {
        /// Within double quotes.
        var isQuoted = false
        /// How many records have ended before.
        var recordCount: UInt64 = 0

        /// The state behind a stretch that was surveyed.
        func behind(_ survey: Done) -> State {
            State(
                isQuoted: isQuoted != survey.togglesQuotes,
                recordCount: recordCount + (isQuoted ? survey.countWithinQuotes : survey.count))
        }
    }

    enum Question: BitwiseCopyable {
        /// What a stretch changes for those behind it.
        case survey
        /// The borders in it.
        case borders(State)
    }

    struct Work: Message, BitwiseCopyable {
        let file: MappedFile
        let rule: BorderRule
        let start: UInt64
        let end: UInt64
        let question: Question
    }

    struct Done: Message {
        let start: UInt64
        let end: UInt64
        var borders: [UInt64] = []

        // Of a survey.
        var isSurvey = false
        var togglesQuotes = false
        /// The records that end in the stretch, if it begins outside of quotes, and within.
        var count: UInt64 = 0
        var countWithinQuotes: UInt64 = 0

        init(of work: Work) {
            (start, end) = (work.start, work.end)
        }

        init(from message: inout MessageReader) throws(PoolmapError) {
            (start, end) = (try message.next(), try message.next())
            borders = try message.nextArray()
            (isSurvey, togglesQuotes) = (try message.next(), try message.next())
            (count, countWithinQuotes) = (try message.next(), try message.next())
        }

        func write(to message: inout MessageWriter) {
            message.add(start)
            message.add(end)
            message.add(each: borders)
            message.add(isSurvey)
            message.add(togglesQuotes)
            message.add(count)
            message.add(countWithinQuotes)
        }
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        guard let tools, case .records(let kind, _) = tools.settings.cut else {
            throw PoolmapError(.failed, "nobody has asked for borders")
        }
        let file = tools.reader(of: work.file, files)
        switch work.question {
        case .survey: return try survey(work, kind, file)
        case .borders(let state):
            return work.rule.recordCount > 0
                ? try borders(ofRecordsFrom: state, work, kind, file) : try borders(ofCutsFrom: state, work, kind, file)
        }
    }

    /// Hands the end of each record to `body`, from a place on, until it says that this is enough.
    ///
    /// - Parameter end: behind it no more is looked for, but by what belongs to it; the scanner's state is that of here.
    private func scan(
        _ scanner: inout RecordScanner, _ work: Work, from start: UInt64, to end: UInt64, firstBytes: Int,
        _ file: MappedFileReader, _ body: (UInt64) -> Bool
    ) throws(PoolmapError) {
        var place = start
        var byteCount = firstBytes
        while place < end || (place < work.file.byteCount && scanner.hasOpenLine) {
            let most = (place < end ? end : work.file.byteCount) - place
            let space = try input.space(of: Int(min(UInt64(byteCount), most)))
            try file.readAll(into: space, at: place)
            var isEnough = false
            scanner.feed(UnsafeRawBufferPointer(space), at: place) { end in
                isEnough = body(end)
                return isEnough
            }
            if isEnough { return }
            place += UInt64(space.count)
            byteCount = min(4 * byteCount, Hands.cachedBytes)
        }
        if place == work.file.byteCount {
            scanner.finish(at: place, body)
        }
    }

    private func survey(_ work: Work, _ kind: RecordKind, _ file: MappedFileReader) throws(PoolmapError) -> Done {
        var done = Done(of: work)
        done.isSurvey = true
        done.togglesQuotes = try forEachEnd(work, kind, isQuoted: false, file) { _ in done.count += 1 }
        if work.rule.recordCount > 0, kind.dependsOnAll {
            _ = try forEachEnd(work, kind, isQuoted: true, file) { _ in done.countWithinQuotes += 1 }
        }
        return done
    }

    /// Hands each end of a record in a stretch to `body`; returns whether the stretch ends within quotes.
    ///
    /// - Parameter isQuoted: whether it begins so.
    private func forEachEnd(
        _ work: Work, _ kind: RecordKind, isQuoted: Bool, _ file: MappedFileReader, _ body: (UInt64) -> Void
    ) throws(PoolmapError) -> Bool {
        var scanner = RecordScanner(kind, isQuoted: isQuoted, isAtStart: work.start == work.rule.start)
        let end = min(work.end + work.rule.endBytes - 1, work.file.byteCount)
        try scan(&scanner, work, from: work.start, to: end, firstBytes: Hands.cachedBytes, file) {
            if work.has($0) { body($0) }
            return false
        }
        return scanner.isQuoted
    }

    /// Every so many records of all.
    private func borders(
        ofRecordsFrom state: State, _ work: Work, _ kind: RecordKind, _ file: MappedFileReader
    ) throws(PoolmapError) -> Done {
        var done = Done(of: work)
        var count = state.recordCount
        _ = try forEachEnd(work, kind, isQuoted: state.isQuoted, file) {
            count += 1
            if count % work.rule.recordCount == 0 {
                done.borders.append($0)
            }
        }
        return done
    }

    /// Of each cut in the stretch the first end at or behind it.
    private func borders(
        ofCutsFrom state: State, _ work: Work, _ kind: RecordKind, _ file: MappedFileReader
    ) throws(PoolmapError) -> Done {
        var done = Done(of: work)
        let most = work.rule.mostRecordBytes
        var cut =
            work.start > work.rule.start ? work.rule.cut(behind: work.start - 1) : work.rule.cut(behind: work.start)
        var (start, isQuoted) = (work.start, state.isQuoted)
        while cut < work.end {
            // What is between two cuts is not read, unless all of it counts.
            var scanner = RecordScanner(kind, isQuoted: isQuoted)
            let first = work.rule.firstBorder(of: cut)
            var border: UInt64?
            let end = min(work.file.byteCount, cut + most)
            try scan(
                &scanner, work, from: kind.dependsOnAll ? start : cut, to: end,
                firstBytes: kind.dependsOnAll ? Hands.cachedBytes : BorderFinder.firstBytes, file
            ) {
                border = $0 >= first ? $0 : nil
                return border != nil
            }
            border = border ?? (end == work.file.byteCount ? end : nil)
            if let border, border <= cut + most {
                done.borders.append(border)
                (start, isQuoted) = (border, false)
            }
            // Those in front of the record's end have this border, too. Where a cut has none, others may: it is for the front
            // to know which are those of chunks.
            let passed = border.map { max(cut, $0 - min($0, work.rule.endBytes)) } ?? cut
            cut = work.rule.cut(behind: passed)
        }
        return done
    }

    private static let firstBytes = 4096

    static func results(of done: Done) -> [PieceResult] { [PieceResult(text: .null)] }
}

extension BorderFinder.Work {
    /// Whether the end of a record that is at a place begins in the stretch, and so in no other.
    fileprivate func has(_ place: UInt64) -> Bool {
        place >= start + rule.endBytes && place < end + rule.endBytes
    }
}
