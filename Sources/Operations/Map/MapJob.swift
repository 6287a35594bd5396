import CPoolmap
import Files
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Runs a command over the chunks of one input and joins the outputs in order.
///
///     MapContent ─> MapChunks ─> next ─> ChunkCommand, in a worker ─> look ─> accept ─> MapRun ─> MapOutput
///
/// `look` sees how each chunk ended as soon as it has; `accept` takes its output when its turn comes.
final class MapJob: Job {
    private let name: Input
    private let input: InputFile
    private let run: MapRun
    private let meter: Meter
    private var settings: MapSettings { run.settings }
    private let content: MapContent
    /// What an earlier run left; nil if the run is not resumable.
    private let resume: MapResume?
    /// The header lines, which precede each chunk.
    private var header: [UInt8] = []
    /// nil until the header has been read.
    private var chunks: MapChunks?
    /// Whether nothing more is handed out.
    private var isAtEnd = false {
        didSet { if isAtEnd && !oldValue { run.endCut() } }
    }
    private var acceptedBytes: UInt64 = 0
    private var writtenBytes: UInt64 = 0
    private var failedCount = 0
    /// The chunks in progress, by slot.
    private var pieces: [Int: [Piece]] = [:]
    /// Slots whose chunks are run again one by one because their worker died.
    private var dividedSlots: Set<Int> = []
    private var pace = TaskPace()
    /// The failure that halted this input, not reported yet.
    private var earlyFailure: PoolmapError?
    /// The input has failed, but commands in progress may finish.
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
        // A pipe may be slow, so it is examined later.
        if input.isRegular {
            _ = try content.find()
        }
        run.beginCut()
    }

    private func begin(_ header: [UInt8]) throws(PoolmapError) {
        self.header = header
        let chunks = try MapChunks(of: content, behind: header, settings, resume, meter)
        self.chunks = chunks
        if let kept = resume?.kept, kept.chunkCount > 0 {
            try run.resumeWriting()
            writtenBytes = kept.outputEnd
            meter.add(output: kept.outputEnd)
        }
        if let part = settings.part {
            // An uncompressed input is divided among parts by its own bytes.
            let contentBytes = content.mapped.flatMap { $0.index == nil ? nil : $0.byteCount }
            try run.begin(MapPart(part, of: input, contentBytes: contentBytes, settings))
        }
        if settings.command.asksForCount, chunks.count == nil {
            throw PoolmapError(
                .failed, "{count} needs a regular file cut by --chunk-size or --record-size")
        }
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isAtEnd || run.isHalted || run.isFinished { return .end }
        if let resume, !resume.isSettled { return resume.next(input) ?? .waitForTurn }
        if let step = try run.nextReduction(workforce) { return step }
        guard try content.find() else { return .waitForInput(content.descriptor) }
        if chunks == nil {
            guard let header = try content.readHeader() else { return .waitForInput(content.descriptor) }
            try begin(header)
        }
        guard let chunks else { return .end }
        let next: MapChunks.Next
        do throws(PoolmapError) {
            next = try chunks.next(workforce, pace)
        } catch {
            if content.wasMappedDamaged { run.leaveOut(always: true) }
            throw error
        }
        isAtEnd = chunks.isAtEnd
        switch next {
        case .step(let step): return step
        case .chunks(let lengths, let slot): return try work(chunks, lengths, slot, workforce)
        }
    }

    /// Hands out the next chunks to the command.
    private func work(
        _ chunks: MapChunks, _ lengths: [UInt64], _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        let chunk = CommandTemplate.Chunk(
            index: UInt64(chunks.index), offset: chunks.offset, byteCount: lengths[0], count: chunks.count,
            input: name.operand)
        let destination: ChunkCommand.Destination
        let file: SharedDescriptor?
        do throws(PoolmapError) {
            (destination, file) = try run.destination(of: chunk, slot)
        } catch {
            workforce.releaseSlot(slot)
            throw error
        }
        var offset = chunks.offset
        let all = lengths.enumerated().map { (number, byteCount) in
            defer { offset += byteCount }
            return Piece(noun: "chunk", index: chunks.index + number, offset: offset, byteCount: byteCount)
        }
        chunks.moveOn(over: lengths)
        pieces[slot] = all
        dividedSlots.remove(slot)
        run.begin(slot)
        var work = ChunkCommand.Work(file: content.mapped, slot: slot, chunk: chunk, header: header, to: destination)
        work.others = Array(lengths.dropFirst())
        let task = ChunkCommand.task(
            work, content.handed + (file.map { [$0] } ?? []),
            byteCount: max(lengths.reduce(0, +), ChunkCommand.leastTaskBytes))
        return .work(task, all, slot: slot, isLast: isAtEnd)
    }

    // MARK: Join

    /// Failures are noticed at once, however long the chunks before take.
    var looksAhead: Bool { true }

    var acceptsInAnyOrder: Bool { settings.isUnordered }

    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        // Without a slot it is not a chunk.
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

    /// Records how a chunk ended, which may halt the run.
    private func note(_ failure: PoolmapError?) {
        if run.note(failure) {
            earlyFailure = earlyFailure ?? failure
            run.cancelAll()
        }
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else {
            if case .done(let operation, _) = answer, operation == Verification.self {
                try resume?.accept(Verification.done(answer))
            } else {
                chunks?.add(try BorderFinder.done(answer))
            }
            return
        }
        let done = try ChunkCommand.done(answer)
        defer { workforce.own(ChunkCommand.self).clearSpills(of: done, slot) }
        do throws(PoolmapError) {
            try accept(done, slot, workforce)
        } catch {
            // Write the outputs before the chunk that failed.
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

    /// - Parameter isFirst: whether the chunk failed by itself, rather than because another one did.
    private func fail(_ error: PoolmapError, isFirst: Bool) throws(PoolmapError) {
        run.leaveOut()
        guard run.toleratesFailures else {
            // The chunk that failed first is reported when its turn comes, with its standard error.
            if !isFirst, earlyFailure != nil { return }
            endsSoon = settings.halt == .soon
            throw error
        }
        failedCount += 1
        if isFirst {
            run.onFailure(name, error)
        }
    }

    // MARK: The end

    func finish() throws(PoolmapError) -> JobSummary {
        leaveOffset()
        if run.isFinished { return JobSummary(inputBytes: input.byteCount) }
        if !isAtEnd { content.cancel() }
        discardIfChanged()
        try input.requireUnchanged()
        if settings.part != nil, content.mapped == nil, let chunks, chunks.offset > 0 {
            throw PoolmapError(.failed, "has size 0 but is not empty; --part reads only regular files")
        }
        guard let chunks, chunks.areAll(acceptedBytes) else {
            throw earlyFailure ?? PoolmapError(.failed, "not finished, because a chunk failed")
        }
        if failedCount > 0 && !settings.keepsGoing {
            throw PoolmapError(.failed, "\(failedCount) of \(chunks.index - chunks.first.index) chunks failed")
        }
        guard let part = settings.part else { return JobSummary(inputBytes: chunks.offset, outputBytes: writtenBytes) }
        // The header belongs to the first part.
        run.endPart((part.number == 1 ? 0 : chunks.first.offset)..<chunks.offset)
        return JobSummary(inputBytes: chunks.offset - chunks.first.offset, outputBytes: writtenBytes)
    }

    private func leaveOffset() {
        content.leaveOffset(behind: (chunks?.passedBytes ?? 0) + acceptedBytes)
    }

    /// Called when the run needs nothing more of this input.
    func cancel() {
        if endsSoon { return }
        run.cancel(pieces.keys)
    }

    func abandon(_ workforce: Workforce) {
        isAtEnd = true
        leaveOffset()
        content.cancel()
        chunks?.abandon(workforce)
        discardIfChanged()
    }

    /// Outputs of another input are useless.
    private func discardIfChanged() {
        do throws(PoolmapError) {
            try input.requireUnchanged()
        } catch {
            if error.code == .changed { resume?.discard() }
        }
    }
}

extension Input {
    /// The operand as typed.
    fileprivate var operand: String {
        switch self {
        case .file(let path): path
        case .standardInput: "-"
        }
    }
}
