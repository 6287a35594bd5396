import Chunks
import CPoolmap
import Files
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Runs a command over the chunks of one input, and puts its outputs together in their order.
///
/// A regular file is read by the workers, which also find where its chunks end; a pipe is read here, into slots. Both make
/// the same chunks.
final class MapJob: Job {
    private let name: Input
    private let input: InputFile
    private let run: MapRun
    private let meter: Meter
    private var settings: MapSettings { run.settings }
    private let content: MapContent
    /// The first lines, which each chunk has in front; nil before they are read.
    private var header: [UInt8]?
    /// Known with the header.
    private var rule: BorderRule?
    private var found: FoundBorders?
    private var chunks: PipeChunks?
    private var chunkCount: UInt64?
    /// What an earlier run has left; nil where there is no such thing.
    private let resume: MapResume?
    /// So many chunks it has.
    private var keptCount = 0
    /// Of a regular file, where the chunks begin that are wanted: anywhere, or in the share of a part.
    private var share: Range<UInt64> = 0..<0
    /// The first of them.
    private var first: (index: Int, offset: UInt64) = (0, 0)

    // The next chunk.
    private var chunkIndex = 0
    private var offset: UInt64 = 0
    private var isAtEnd = false {
        didSet { if isAtEnd && !oldValue { run.endCut() } }
    }
    private var acceptedBytes: UInt64 = 0
    private var writtenBytes: UInt64 = 0
    private var failedCount = 0
    /// What is under way, by slots.
    private var pieces: [Int: [Piece]] = [:]
    /// Whose chunks are done once more, one by one, since their worker died.
    private var dividedSlots: Set<Int> = []
    private var pace = TaskPace()
    private static let mostChunksOfTask = 64
    /// What was found to be due behind the chunks that were handed out last.
    private var upcoming: Step?
    /// The failure for which this input has halted, which is not told yet.
    private var earlyFailure: PoolmapError?
    /// It has failed, and what is under way comes to its end all the same.
    private var endsSoon = false

    init(
        _ name: Input, _ input: InputFile, _ content: MapContent, _ run: MapRun, _ meter: Meter
    ) throws(PoolmapError) {
        (self.name, self.input, self.content, self.run, self.meter) = (name, input, content, run, meter)
        let part = run.settings.part
        _ = try part?.share(of: input)
        resume = try run.openResume(for: input)
        meter.expect(
            part.map { UInt64($0.share(of: input.byteCount).count) } ?? (input.isRegular ? input.byteCount : nil))
        run.begin(input)
        // A pipe may be slow.
        if input.isRegular {
            _ = try content.find()
        }
        run.beginCut()
    }

    private func begin(_ header: [UInt8]) throws(PoolmapError) {
        self.header = header
        offset = UInt64(header.count)
        if settings.part == nil { meter.add(input: offset) }
        acceptedBytes = offset
        let step = settings.cut.stepBytes(settings.chunkBytes)
        var cut: RecordBorders?
        rule = settings.cut.rule(
            from: offset, chunkBytes: settings.chunkBytes, mostRecordBytes: settings.mostRecordBytes)
        if case .records(let kind, _) = settings.cut, let rule {
            if let mapped = content.mapped {
                found = FoundBorders(kind, rule, byteCount: mapped.byteCount, aheadOf: settings.slotCount)
            } else {
                cut = RecordBorders(kind, rule)
            }
        }
        if let mapped = content.mapped {
            share = 0..<mapped.byteCount
            chunkCount = step.map { max(1, (mapped.byteCount - offset + $0 - 1) / $0) }
        } else {
            chunks = PipeChunks(cutBy: cut, from: offset)
        }
        try goOn()
        if let part = settings.part { try begin(part, step) }
        if settings.command.asksForCount, chunkCount == nil {
            throw PoolmapError(
                .failed, "{count} is known only of a regular file that is cut by --chunk-size or --record-size")
        }
    }

    /// Goes on behind the chunks of an earlier run.
    private func goOn() throws(PoolmapError) {
        guard let resume, case let kept = resume.kept, kept.chunkCount > 0 else { return }
        try run.resumeWriting()
        (keptCount, writtenBytes) = (Int(kept.chunkCount), kept.outputEnd)
        meter.add(output: kept.outputEnd)
        // What is in front of a place in a pipe has to come all the same.
        // Of a part it is found again which number its chunks have.
        guard let mapped = content.mapped, settings.part == nil else { return }
        guard (offset...mapped.byteCount).contains(kept.inputEnd) else {
            throw resume.isDamaged
        }
        pass(over: keptCount, to: kept.inputEnd)
        found?.begin(at: offset)
        isAtEnd = offset == mapped.byteCount
    }

    /// Begins with the chunks that begin in the share of a part.
    private func begin(_ part: Part, _ step: UInt64?) throws(PoolmapError) {
        // An empty file is read like a pipe.
        let byteCount = content.mapped?.byteCount ?? 0
        share = part.share(of: byteCount)
        first = (0, offset)
        try run.begin(MapPart(part, of: input, contentBytes: content.mapped?.index == nil ? nil : byteCount, settings))
        if offset == byteCount {
            // The one chunk of an empty input is the first part's.
            isAtEnd = part.number > 1
        } else if let step, offset < share.lowerBound {
            let count = (share.lowerBound - offset + step - 1) / step
            passToOthers(Int(count), to: min(offset + count * step, byteCount))
        } else {
            isAtEnd = offset >= share.upperBound
        }
    }

    /// Moves on over chunks that other parts have.
    private func passToOthers(_ count: Int, to end: UInt64) {
        chunkIndex += count
        (offset, acceptedBytes, first) = (end, end, (chunkIndex, end))
        isAtEnd = offset >= share.upperBound
    }

    /// Goes over chunks in front of those that are to be done; what is due where their borders are not known yet.
    private func passOver(_ mapped: MappedFile) throws(PoolmapError) -> Step? {
        while !isAtEnd, offset < share.lowerBound || chunkIndex < first.index + keptCount {
            switch nextOfFile(mapped, at: offset) {
            case .chunk(let byteCount) where offset < share.lowerBound: passToOthers(1, to: offset + byteCount)
            case .chunk(let byteCount):
                pass(over: 1, to: offset + byteCount)
                isAtEnd = offset >= share.upperBound
            case .look(let range, let index, let question):
                guard let rule else { return .end }
                return look(range, index, question, rule, mapped)
            case .wait: return .waitForTurn
            case .tooLong: throw tooLong
            }
        }
        if let resume, keptCount > 0, chunkIndex <= first.index + keptCount {
            guard chunkIndex == first.index + keptCount, offset == resume.kept.inputEnd else { throw resume.isDamaged }
        }
        return isAtEnd ? .end : nil
    }

    private var tooLong: PoolmapError {
        rule?.longRecord(inChunkAt: offset) ?? PoolmapError(.failed, "a chunk is too long")
    }

    /// Moves on over chunks that are done.
    private func pass(over count: Int, to end: UInt64) {
        meter.add(input: end - offset)
        chunkIndex += count
        (offset, acceptedBytes) = (end, end)
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isAtEnd || run.isHalted || run.isFinished { return .end }
        if let resume, !resume.isSettled { return resume.next(input) ?? .waitForTurn }
        if let step = try run.nextReduction(workforce) { return step }
        guard try content.find() else { return .waitForInput(content.descriptor) }
        if header == nil {
            guard let header = try content.readHeader() else { return .waitForInput(content.descriptor) }
            try begin(header)
        }
        if isAtEnd { return .end }
        if let mapped = content.mapped { return try next(of: mapped, workforce) }
        if let pipe = content.pipe { return try next(of: pipe, workforce) }
        return .end
    }

    private func next(of mapped: MappedFile, _ workforce: Workforce) throws(PoolmapError) -> Step {
        if let upcoming = upcoming.take() { return upcoming }
        guard workforce.hasFreeSlot else { return .waitForTurn }
        if let step = try passOver(mapped) { return step }
        let most = mostBytes(of: mapped, workforce)
        var lengths: [UInt64] = []
        var end = offset
        while lengths.isEmpty || end < share.upperBound {
            switch nextOfFile(mapped, at: end) {
            case .chunk(let byteCount):
                guard lengths.isEmpty || mayShare(lengths.count + 1, end + byteCount - offset, most) else {
                    return try work(lengths, mapped, workforce)
                }
                lengths.append(byteCount)
                end += byteCount
            case .look(let range, let index, let question):
                guard let rule else { return .end }
                let step = look(range, index, question, rule, mapped)
                if lengths.isEmpty { return step }
                upcoming = step
                return try work(lengths, mapped, workforce)
            case .wait: return lengths.isEmpty ? .waitForTurn : try work(lengths, mapped, workforce)
            case .tooLong:
                if !lengths.isEmpty { return try work(lengths, mapped, workforce) }
                throw tooLong
            }
        }
        return try work(lengths, mapped, workforce)
    }

    /// What chunks may have together that share a task; 0 where each is to go alone.
    private func mostBytes(of mapped: MappedFile, _ workforce: Workforce) -> Int {
        // Nor where each chunk is noted as it is done.
        guard settings.sharesTasks, resume == nil else { return 0 }
        // What they write should have its place in half of the room.
        return workforce.taskBytes(
            of: share.upperBound - min(offset, share.upperBound),
            most: pace.mostBytes(
                nanoseconds: Workforce.taskNanoseconds, outputBytes: UInt64(settings.roomBytes / 2)))
    }

    private func mayShare(_ chunkCount: Int, _ byteCount: UInt64, _ mostBytes: Int) -> Bool {
        chunkCount <= MapJob.mostChunksOfTask && byteCount <= UInt64(mostBytes)
    }

    private func work(
        _ lengths: [UInt64], _ mapped: MappedFile, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        isAtEnd = offset + lengths.reduce(0, +) >= share.upperBound
        return try work(lengths, slot, workforce)
    }

    private func nextOfFile(_ mapped: MappedFile, at place: UInt64) -> FoundBorders.Next {
        if found != nil { return found?.next(at: place) ?? .wait }
        let step = settings.cut.stepBytes(settings.chunkBytes) ?? .max
        return .chunk(byteCount: min(step, mapped.byteCount - place))
    }

    private func look(
        _ range: Range<UInt64>, _ index: Int, _ question: BorderQuestion, _ rule: BorderRule,
        _ mapped: MappedFile
    ) -> Step {
        let work = BorderFinder.Work(
            file: mapped, rule: rule, start: range.lowerBound, end: range.upperBound, question: question)
        let task = BorderFinder.task(work, content.handed, byteCount: ChunkCommand.leastTaskBytes)
        return .work(task, [.search(index, range)], slot: nil, isLast: false)
    }

    private func next(of pipe: InputFile, _ workforce: Workforce) throws(PoolmapError) -> Step {
        let stepBytes = settings.cut.stepBytes(settings.chunkBytes)
        let most = stepBytes.map { Int($0) } ?? workforce.layout.inputBytes
        while let step = try chunks?.next(of: pipe, most, upTo: 0, workforce) {
            switch step {
            case .waitForInput: return .waitForInput(pipe.descriptor)
            case .waitForSlot: return .waitForTurn
            case .chunks(let lengths, let slot):
                if let step = try take(UInt64(lengths[0]), of: pipe, slot, workforce) { return step }
            }
        }
        return .end
    }

    /// Takes the next chunk of a pipe; nil where it has been done by an earlier run.
    private func take(
        _ byteCount: UInt64, of pipe: InputFile, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step? {
        isAtEnd = chunks?.isAtEnd ?? true
        do throws(PoolmapError) {
            // Else the last chunk may be but a part.
            try content.requireWhole(behind: offset + byteCount, isAtEnd: isAtEnd)
        } catch {
            workforce.releaseSlot(slot)
            // Commands have read what nobody had checked then.
            if content.isCheckedLate { run.leaveOut(always: true) }
            throw error
        }
        if byteCount == 0 && chunkIndex > 0 {
            isAtEnd = true
            workforce.releaseSlot(slot)
            return .end
        }
        if chunkIndex < keptCount {
            workforce.releaseSlot(slot)
            pass(over: 1, to: offset + byteCount)
            return isAtEnd ? .end : nil
        }
        return try work([byteCount], slot, workforce)
    }

    /// Has the command run over the next chunks.
    private func work(
        _ lengths: [UInt64], _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        let chunk = CommandTemplate.Chunk(
            index: UInt64(chunkIndex), offset: offset, byteCount: lengths[0], count: chunkCount,
            input: name.operand)
        let destination: ChunkCommand.Destination
        let file: SharedDescriptor?
        do throws(PoolmapError) {
            (destination, file) = try run.destination(of: chunk, slot)
        } catch {
            workforce.releaseSlot(slot)
            throw error
        }
        let start = offset
        let all = lengths.map { byteCount in
            defer {
                chunkIndex += 1
                offset += byteCount
            }
            return Piece(noun: "chunk", index: chunkIndex, offset: offset, byteCount: byteCount)
        }
        pieces[slot] = all
        dividedSlots.remove(slot)
        run.begin(slot)
        var work = ChunkCommand.Work(
            file: content.mapped, slot: slot, chunk: chunk, header: header ?? [], to: destination)
        work.others = Array(lengths.dropFirst())
        let task = ChunkCommand.task(
            work, content.handed + (file.map { [$0] } ?? []),
            byteCount: max(offset - start, ChunkCommand.leastTaskBytes))
        return .work(task, all, slot: slot, isLast: isAtEnd)
    }

    // MARK: Join

    /// A failure is to be known at once, however long the chunks before it take.
    var looksAhead: Bool { true }

    var acceptsInAnyOrder: Bool { settings.isUnordered }

    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        // Else it is no chunk.
        guard let slot else { return }
        run.end(slot)
        let pieces = pieces.removeValue(forKey: slot) ?? []
        switch result {
        case .failure(let error):
            poolmap_end_left_command(UInt32(slot))
            poolmap_release_cores(UInt32(slot))
            if pieces.count > 1, error.code == .processDied {
                dividedSlots.insert(slot)
            } else {
                note(error.at(pieces.first?.description ?? ""))
            }
        case .success(.failed(let error)): note(error.at(pieces.first?.description ?? ""))
        case .success(let answer):
            for outcome in try ChunkCommand.done(answer).all { note(failure(of: outcome)) }
        }
    }

    private func failure(of outcome: CommandOutcome) -> PoolmapError? {
        outcome.failure(of: settings.name(of: outcome))?.at(outcome.piece.description)
    }

    /// Notes how a chunk has ended, which may halt the run.
    private func note(_ failure: PoolmapError?) {
        if run.note(isSuccess: failure == nil) {
            earlyFailure = earlyFailure ?? failure
            run.cancelAll()
        }
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else {
            if case .done(let operation, _) = answer, operation == Verification.self {
                try resume?.accept(Verification.done(answer))
            } else {
                found?.add(try BorderFinder.done(answer))
            }
            return
        }
        let done = try ChunkCommand.done(answer)
        defer { workforce.own(ChunkCommand.self).clearSpills(of: done, slot) }
        do throws(PoolmapError) {
            try accept(done, slot, workforce)
        } catch {
            // What is in front of a chunk that failed is written.
            try? run.flush()
            throw error
        }
        try run.flush()
    }

    private func accept(
        _ done: ChunkCommand.Done, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) {
        for outcome in done.all {
            if dividedSlots.contains(slot) { note(failure(of: outcome)) }
            if outcome.isReduction {
                try run.acceptReducedEarly(outcome, slot, workforce)
            } else {
                try accept(outcome, slot, workforce)
            }
        }
    }

    private func accept(
        _ outcome: CommandOutcome, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) {
        take(outcome.piece)
        try run.tellErrors(of: outcome, name, slot, workforce)
        if let failure = failure(of: outcome) {
            run.drop(slot)
            return try fail(failure, isFirst: !outcome.isCancelled)
        }
        pace.learn(
            outcome.time, contentBytes: outcome.chunkBytes, outputBytes: outcome.output.byteCount)
        var byteCount = outcome.output.byteCount
        if try !run.acceptFile(outcome, slot, isKept: content.isCheckedLate) {
            byteCount = try run.write(outcome, slot, workforce)
        }
        writtenBytes += byteCount
        meter.add(output: byteCount)
    }

    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else { throw error }
        if dividedSlots.contains(slot) { note(error.at(piece.description)) }
        run.drop(slot)
        if CommandOutcome.isReduction(piece) {
            run.leaveOut(always: true)
            throw error.at(piece.description)
        }
        take(piece)
        try fail(error.at(piece.description), isFirst: true)
    }

    private func take(_ piece: Piece) {
        acceptedBytes += piece.byteCount
        meter.add(input: piece.byteCount)
    }

    /// - Parameter isFirst: whether the chunk failed by itself, and not since another one has.
    private func fail(_ error: PoolmapError, isFirst: Bool) throws(PoolmapError) {
        run.leaveOut()
        guard run.toleratesFailures else {
            // The one that failed has its turn later, with what it has written to its standard error.
            if !isFirst, earlyFailure != nil { return }
            endsSoon = settings.halt == .soon
            throw error
        }
        failedCount += 1
        if isFirst {
            run.onFailure(name, error)
        }
    }

    func finish() throws(PoolmapError) -> JobSummary {
        content.leaveOffset(behind: acceptedBytes)
        if run.isFinished { return JobSummary(inputBytes: input.byteCount) }
        if !isAtEnd { content.cancel() }
        discardIfChanged()
        try input.requireUnchanged()
        if settings.part != nil, content.mapped == nil, offset > 0 {
            throw PoolmapError(.failed, "says that it is empty, and is not; --part reads only regular files")
        }
        guard isAtEnd, acceptedBytes == offset, content.mapped == nil || offset >= share.upperBound else {
            throw earlyFailure ?? PoolmapError(.failed, "was not done to its end, since a chunk has failed")
        }
        if failedCount > 0 && !settings.keepsGoing {
            throw PoolmapError(.failed, "\(failedCount) of \(chunkIndex - first.index) chunks failed")
        }
        guard let part = settings.part else { return JobSummary(inputBytes: offset, outputBytes: writtenBytes) }
        // The header is with the first part.
        run.endPart((part.number == 1 ? 0 : first.offset)..<offset)
        return JobSummary(inputBytes: offset - first.offset, outputBytes: writtenBytes)
    }

    /// The run needs nothing more of this input.
    func cancel() {
        if endsSoon { return }
        run.cancel(pieces.keys)
    }

    func abandon(_ workforce: Workforce) {
        isAtEnd = true
        content.leaveOffset(behind: acceptedBytes)
        content.cancel()
        chunks?.abandon(workforce)
        discardIfChanged()
    }

    /// Outputs of another input are of no use to anyone.
    private func discardIfChanged() {
        do throws(PoolmapError) {
            try input.requireUnchanged()
        } catch {
            if error.code == .changed { resume?.discard() }
        }
    }
}

extension Input {
    /// As it is typed.
    fileprivate var operand: String {
        switch self {
        case .file(let path): path
        case .standardInput: "-"
        }
    }
}
