import Chunks
import Files
import Ground
import Run

/// The chunks of one input that must be done, in order: without those of other parts and those that an earlier run has
/// done.
///
/// Workers find where the chunks of a regular file end; a pipe is cut here while it is read into slots. Both give the
/// same chunks.
final class MapChunks {
    /// The next chunks or step.
    enum Next {
        /// The lengths of chunks that share a task, and its slot; `moveOn` must be called when they are handed out.
        case chunks([UInt64], slot: Int)
        /// Another step is due first, or nothing is left.
        case step(Step)
    }

    private let content: MapContent
    private let settings: MapSettings
    private let resume: MapResume?
    private let meter: Meter
    private let rule: BorderRule?
    /// The borders of a regular file that is cut by content.
    private var found: FoundBorders?
    private var pipeChunks: PipeChunks?
    /// The number of chunks in the input, over all parts; nil if only its end will tell.
    private(set) var count: UInt64?
    /// The range of a regular file in which wanted chunks begin: all of it, or the share of a part.
    private var share: Range<UInt64> = 0..<0
    /// The first wanted chunk.
    private(set) var first: (index: Int, offset: UInt64) = (0, 0)
    /// How many chunks, from the first on, an earlier run has done.
    private let keptCount: Int

    // The next chunk.
    private(set) var index = 0
    private(set) var offset: UInt64
    /// How many bytes precede the first chunk that is handed out.
    private(set) var passedBytes: UInt64
    /// Whether no chunk follows.
    private(set) var isAtEnd = false
    /// A step that must follow the chunks just handed out.
    private var upcoming: Step?
    private static let mostOfTask = 64

    /// - Parameter header: the bytes before the first chunk.
    init(
        of content: MapContent, behind header: [UInt8], _ settings: MapSettings, _ resume: MapResume?, _ meter: Meter
    ) throws(PoolmapError) {
        (self.content, self.settings, self.resume, self.meter) = (content, settings, resume, meter)
        keptCount = Int(resume?.kept.chunkCount ?? 0)
        (offset, passedBytes) = (UInt64(header.count), UInt64(header.count))
        if settings.part == nil { meter.add(input: offset) }
        rule = settings.cut.rule(
            from: offset, chunkBytes: settings.chunkBytes, mostRecordBytes: settings.mostRecordBytes)
        let step = settings.cut.stepBytes(settings.chunkBytes)
        if let mapped = content.mapped {
            if case .records(let kind, _) = settings.cut, let rule {
                found = FoundBorders(kind, rule, byteCount: mapped.byteCount, aheadOf: settings.slotCount)
            }
            share = 0..<mapped.byteCount
            count = step.map { max(1, (mapped.byteCount - offset + $0 - 1) / $0) }
            if settings.part == nil { try goOn(mapped) }
        } else {
            var cut: RecordBorders?
            if case .records(let kind, _) = settings.cut, let rule { cut = RecordBorders(kind, rule) }
            pipeChunks = PipeChunks(cutBy: cut, from: offset)
        }
        if let part = settings.part { begin(part, step) }
    }

    /// Continues after the chunks of an earlier run.
    ///
    /// A pipe must still be read up to there. For a part, the indexes of its chunks are counted again.
    private func goOn(_ mapped: MappedFile) throws(PoolmapError) {
        guard let resume, keptCount > 0 else { return }
        guard (offset...mapped.byteCount).contains(resume.kept.inputEnd) else { throw resume.isDamaged }
        pass(over: keptCount, to: resume.kept.inputEnd)
        found?.begin(at: offset)
        isAtEnd = offset == mapped.byteCount
    }

    /// Starts with the chunks that begin in the share of a part.
    private func begin(_ part: Part, _ step: UInt64?) {
        // An empty file is read like a pipe.
        let byteCount = content.mapped?.byteCount ?? 0
        share = part.share(of: byteCount)
        first = (0, offset)
        if offset == byteCount {
            // The one chunk of an empty input belongs to the first part.
            isAtEnd = part.number > 1
        } else if let step, offset < share.lowerBound {
            let count = (share.lowerBound - offset + step - 1) / step
            passToOthers(Int(count), to: min(offset + count * step, byteCount))
        } else {
            isAtEnd = offset >= share.upperBound
        }
    }

    // MARK: Next chunks

    /// The next chunks that may share a task; does not block.
    ///
    /// - Parameter pace: the pace of the chunks so far.
    func next(_ workforce: Workforce, _ pace: TaskPace) throws(PoolmapError) -> Next {
        if isAtEnd { return .step(.end) }
        if let mapped = content.mapped { return try next(of: mapped, workforce, pace) }
        if let pipe = content.pipe { return try next(of: pipe, workforce) }
        return .step(.end)
    }

    /// Records that the chunks returned last are handed out.
    func moveOn(over lengths: [UInt64]) {
        index += lengths.count
        offset += lengths.reduce(0, +)
    }

    /// Skips chunks that are already done.
    private func pass(over count: Int, to end: UInt64) {
        meter.add(input: end - offset)
        index += count
        (offset, passedBytes) = (end, end)
    }

    /// Skips chunks that belong to other parts.
    private func passToOthers(_ count: Int, to end: UInt64) {
        index += count
        (offset, passedBytes, first) = (end, end, (index, end))
        isAtEnd = offset >= share.upperBound
    }

    // MARK: A regular file

    private func next(of mapped: MappedFile, _ workforce: Workforce, _ pace: TaskPace) throws(PoolmapError) -> Next {
        if let upcoming = upcoming.take() { return .step(upcoming) }
        guard workforce.hasFreeSlot else { return .step(.waitForTurn) }
        if let step = try passOver(mapped) { return .step(step) }
        let most = mostBytes(workforce, pace)
        var lengths: [UInt64] = []
        var end = offset
        gathering: while lengths.isEmpty || end < share.upperBound {
            switch nextOfFile(mapped, at: end) {
            case .chunk(let byteCount):
                guard lengths.isEmpty || mayShare(lengths.count + 1, end + byteCount - offset, most) else {
                    break gathering
                }
                lengths.append(byteCount)
                end += byteCount
            case .look(let range, let index, let question):
                let step = look(range, index, question, mapped)
                if lengths.isEmpty { return .step(step) }
                upcoming = step
                break gathering
            case .wait:
                if lengths.isEmpty { return .step(.waitForTurn) }
                break gathering
            case .tooLong:
                if lengths.isEmpty { throw tooLong }
                break gathering
            }
        }
        guard let slot = try workforce.acquireSlot() else { return .step(.waitForTurn) }
        isAtEnd = end >= share.upperBound
        return .chunks(lengths, slot: slot)
    }

    /// Skips chunks before the wanted ones; returns a step if their borders are not known yet.
    private func passOver(_ mapped: MappedFile) throws(PoolmapError) -> Step? {
        while !isAtEnd, offset < share.lowerBound || index < first.index + keptCount {
            switch nextOfFile(mapped, at: offset) {
            case .chunk(let byteCount) where offset < share.lowerBound: passToOthers(1, to: offset + byteCount)
            case .chunk(let byteCount):
                pass(over: 1, to: offset + byteCount)
                isAtEnd = offset >= share.upperBound
            case .look(let range, let index, let question): return look(range, index, question, mapped)
            case .wait: return .waitForTurn
            case .tooLong: throw tooLong
            }
        }
        if let resume, keptCount > 0, index <= first.index + keptCount {
            guard index == first.index + keptCount, offset == resume.kept.inputEnd else { throw resume.isDamaged }
        }
        return isAtEnd ? .end : nil
    }

    private func nextOfFile(_ mapped: MappedFile, at place: UInt64) -> FoundBorders.Next {
        if found != nil { return found?.next(at: place) ?? .wait }
        let step = settings.cut.stepBytes(settings.chunkBytes) ?? .max
        return .chunk(byteCount: min(step, mapped.byteCount - place))
    }

    /// Has a worker search for borders, which are then passed to `add`.
    private func look(
        _ range: Range<UInt64>, _ index: Int, _ question: BorderQuestion, _ mapped: MappedFile
    ) -> Step {
        guard let rule else { return .end }
        let work = BorderFinder.Work(
            file: mapped, rule: rule, start: range.lowerBound, end: range.upperBound, question: question)
        let task = BorderFinder.task(work, content.handed, byteCount: ChunkCommand.leastTaskBytes)
        return .work(task, [.search(index, range)], slot: nil, isLast: false)
    }

    /// Takes the borders that a worker has found.
    func add(_ done: StretchBorders) {
        found?.add(done)
    }

    private var tooLong: PoolmapError {
        rule?.longRecord(inChunkAt: offset) ?? PoolmapError(.failed, "a chunk is too long")
    }

    /// The most bytes of chunks that share a task; 0 if each must go alone.
    private func mostBytes(_ workforce: Workforce, _ pace: TaskPace) -> Int {
        // With a journal, each chunk is recorded as soon as it is done.
        guard settings.sharesTasks, resume == nil else { return 0 }
        // Their outputs should fit in half of the room.
        return workforce.taskBytes(
            of: share.upperBound - min(offset, share.upperBound),
            most: pace.mostBytes(
                nanoseconds: Workforce.taskNanoseconds, outputBytes: UInt64(settings.roomBytes / 2)))
    }

    private func mayShare(_ chunkCount: Int, _ byteCount: UInt64, _ mostBytes: Int) -> Bool {
        chunkCount <= MapChunks.mostOfTask && byteCount <= UInt64(mostBytes)
    }

    // MARK: A pipe

    private func next(of pipe: InputFile, _ workforce: Workforce) throws(PoolmapError) -> Next {
        let stepBytes = settings.cut.stepBytes(settings.chunkBytes)
        let most = stepBytes.map { Int($0) } ?? workforce.layout.inputBytes
        while let step = try pipeChunks?.next(of: pipe, most, upTo: 0, workforce) {
            switch step {
            case .waitForInput: return .step(.waitForInput(pipe.descriptor))
            case .waitForSlot: return .step(.waitForTurn)
            case .chunks(let lengths, let slot):
                isAtEnd = pipeChunks?.isAtEnd ?? true
                let byteCount = UInt64(lengths[0])
                if try isWanted(byteCount, slot, workforce) { return .chunks([byteCount], slot: slot) }
                workforce.releaseSlot(slot)
                if isAtEnd { return .step(.end) }
            }
        }
        return .step(.end)
    }

    /// Whether the chunk just read is wanted; skips it if not.
    private func isWanted(_ byteCount: UInt64, _ slot: Int, _ workforce: Workforce) throws(PoolmapError) -> Bool {
        do throws(PoolmapError) {
            // Without this check the last chunk may be incomplete.
            try content.requireWhole(behind: offset + byteCount, isAtEnd: isAtEnd)
        } catch {
            workforce.releaseSlot(slot)
            throw error
        }
        if byteCount == 0 && index > 0 {
            isAtEnd = true
            return false
        }
        guard index < keptCount else { return true }
        pass(over: 1, to: offset + byteCount)
        return false
    }

    // MARK: The end

    /// Whether this many bytes are all chunks that had to be done.
    func areAll(_ acceptedBytes: UInt64) -> Bool {
        isAtEnd && passedBytes + acceptedBytes == offset && (content.mapped == nil || offset >= share.upperBound)
    }

    /// Drops what was read.
    func abandon(_ workforce: Workforce) {
        pipeChunks?.abandon(workforce)
    }
}
