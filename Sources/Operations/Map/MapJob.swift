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
    /// The first lines, which each chunk has in front; nil before they are read.
    private var header: [UInt8]?
    /// Known with the header.
    private var rule: BorderRule?
    private var found: FoundBorders?
    private var chunks: PipeChunks?
    private var chunkCount: UInt64?

    /// A command is work for another process, however little it reads.
    static let leastTaskBytes: UInt64 = 1 << 20

    // The next chunk.
    private var index = 0
    private var offset: UInt64 = 0
    private var isAtEnd = false
    private var acceptedBytes: UInt64 = 0
    private var writtenBytes: UInt64 = 0
    private var failedCount = 0
    /// The failure for which this input has halted, which is not told yet.
    private var earlyFailure: PoolmapError?

    init(_ name: Input, _ input: InputFile, _ run: MapRun, _ meter: Meter) throws(PoolmapError) {
        (self.name, self.input, self.run, self.meter) = (name, input, run, meter)
        meter.expect(input)
        run.begin(input)
        if run.settings.headerLineCount == 0 {
            try begin([])
        } else if input.isRegular {
            try readHeader()
        }
    }

    // MARK: Header

    private func readHeader() throws(PoolmapError) {
        var byteCount = 4096
        while true {
            let most = Int(min(input.byteCount, UInt64(settings.mostRecordBytes)))
            let bytes = try input.readBytes(at: 0, count: min(byteCount, most))
            let end = bytes.withUnsafeBytes { $0.end(ofLine: settings.headerLineCount) }
            if let end { return try begin(Array(bytes[..<end])) }
            if bytes.count == most {
                guard UInt64(most) == input.byteCount else {
                    throw longHeader
                }
                return try begin(bytes)
            }
            byteCount *= 16
        }
    }

    /// The bytes of a pipe in front of the end of its header.
    private var headerSoFar: [UInt8] = []

    /// False where there is nothing to read now.
    private func readHeaderOfPipe() throws(PoolmapError) -> Bool {
        while header == nil {
            guard input.hasInput() else { return false }
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            var failure: PoolmapError?
            let count = piece.withUnsafeMutableBytes { space in
                do throws(PoolmapError) {
                    return try input.readSome(into: space)
                } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            headerSoFar += piece[..<count]
            let end = headerSoFar.withUnsafeBytes { $0.end(ofLine: settings.headerLineCount) }
            if end != nil || count == 0 {
                let end = end ?? headerSoFar.count
                input.putBack(Array(headerSoFar[end...]))
                try begin(Array(headerSoFar[..<end]))
                headerSoFar = []
            } else if headerSoFar.count > settings.mostRecordBytes {
                throw longHeader
            }
        }
        return true
    }

    private var longHeader: PoolmapError {
        PoolmapError(
            .failed, "its \(settings.headerLineCount) header lines are longer than --max-record allows")
    }

    private func begin(_ header: [UInt8]) throws(PoolmapError) {
        self.header = header
        offset = UInt64(header.count)
        meter.add(input: offset)
        acceptedBytes = offset
        let step = settings.cut.stepBytes(settings.chunkBytes)
        var cut: RecordBorders?
        if case .records(let kind, let count) = settings.cut {
            let rule = BorderRule(
                start: offset, chunkBytes: UInt64(settings.chunkBytes), recordCount: UInt64(count ?? 0),
                mostRecordBytes: UInt64(settings.mostRecordBytes))
            self.rule = rule
            if input.isRegular {
                found = FoundBorders(kind, rule, byteCount: input.byteCount, aheadOf: settings.slotCount)
            } else {
                cut = RecordBorders(kind, rule)
            }
        }
        if !input.isRegular {
            chunks = PipeChunks(cutBy: cut, from: offset)
        } else if let step {
            chunkCount = max(1, (input.byteCount - offset + step - 1) / step)
        }
        if settings.command.asksForCount, chunkCount == nil {
            throw PoolmapError(
                .failed, "{count} is known only of a regular file that is cut by --chunk-size or --record-size")
        }
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isAtEnd || run.isHalted { return .end }
        if let step = try run.nextReduction(workforce) { return step }
        if header == nil, try !readHeaderOfPipe() { return .waitForInput(input.descriptor) }
        return chunks == nil ? try nextOfFile(workforce) : try nextOfPipe(workforce)
    }

    private func nextOfFile(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard workforce.hasFreeSlot else { return .waitForTurn }
        let byteCount: UInt64
        switch nextOfFile() {
        case .chunk(let count): byteCount = count
        case .look(let range, let index, let question):
            guard let rule else { return .end }
            return look(range, index, question, rule)
        case .wait: return .waitForTurn
        case .tooLong: throw rule?.longRecord(inChunkAt: offset) ?? PoolmapError(.failed, "a chunk is too long")
        }
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        isAtEnd = offset + byteCount == input.byteCount
        return try work(input.source(at: offset), byteCount, slot, workforce)
    }

    private func nextOfFile() -> FoundBorders.Next {
        if found != nil { return found?.next(at: offset) ?? .wait }
        let step = settings.cut.stepBytes(settings.chunkBytes) ?? .max
        return .chunk(byteCount: min(step, input.byteCount - offset))
    }

    private func look(
        _ range: Range<UInt64>, _ index: Int, _ question: BorderFinder.Question, _ rule: BorderRule
    ) -> Step {
        let work = BorderFinder.Work(
            file: input.isOwned ? TaskFile(0) : .standardInput, inputStart: input.start, inputEnd: input.byteCount,
            rule: rule, start: range.lowerBound, end: range.upperBound, question: question)
        let task = BorderFinder.task(work, input.handed, byteCount: MapJob.leastTaskBytes)
        return .work(task, [.search(index, range)], slot: nil, isLast: false)
    }

    private func nextOfPipe(_ workforce: Workforce) throws(PoolmapError) -> Step {
        let stepBytes = settings.cut.stepBytes(settings.chunkBytes)
        let most = stepBytes.map { Int($0) } ?? workforce.layout.inputBytes
        guard let step = try chunks?.next(of: input, most, upTo: 0, workforce) else { return .end }
        switch step {
        case .waitForInput: return .waitForInput(input.descriptor)
        case .waitForSlot: return .waitForTurn
        case .chunks(let lengths, let slot):
            isAtEnd = chunks?.isAtEnd ?? true
            if lengths == [0] && index > 0 {
                isAtEnd = true
                workforce.releaseSlot(slot)
                return .end
            }
            return try work(.slot(offset: 0), UInt64(lengths[0]), slot, workforce)
        }
    }

    private func work(
        _ source: Source, _ byteCount: UInt64, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        let piece = Piece(noun: "chunk", index: index, offset: offset, byteCount: byteCount)
        let chunk = CommandTemplate.Chunk(
            index: UInt64(index), offset: offset, byteCount: byteCount, count: chunkCount,
            input: name.operand)
        let destination: ChunkCommand.Destination
        let file: SharedDescriptor?
        do throws(PoolmapError) {
            (destination, file) = try run.destination(of: chunk, slot)
        } catch {
            workforce.releaseSlot(slot)
            throw error
        }
        index += 1
        offset += byteCount
        run.slotsUnderWay.insert(slot)
        poolmap_use_command_place(UInt32(slot))
        let work = ChunkCommand.Work(
            source: source, slot: slot, chunk: chunk, header: header ?? [], to: destination)
        let task = ChunkCommand.task(
            work, input.handed + (file.map { [$0] } ?? []), byteCount: max(byteCount, MapJob.leastTaskBytes))
        return .work(task, [piece], slot: slot, isLast: isAtEnd)
    }

    // MARK: Join

    /// A failure is to be known at once, however long the chunks before it take.
    var looksAhead: Bool { true }

    var acceptsInAnyOrder: Bool { settings.isUnordered }

    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        // Else it is no chunk.
        guard let slot else { return }
        run.slotsUnderWay.remove(slot)
        var failure: PoolmapError?
        switch result {
        case .failure(let error):
            poolmap_end_left_command(UInt32(slot))
            failure = error
        case .success(.failed(let error)): failure = error
        case .success(let answer):
            let done = try ChunkCommand.done(answer)
            failure = done.failure(of: settings.name(of: done))?.at(done.piece.description)
        }
        if run.note(isSuccess: failure == nil) {
            earlyFailure = earlyFailure ?? failure
            run.cancelAll()
        }
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else {
            found?.add(try BorderFinder.done(answer))
            return
        }
        let done = try ChunkCommand.done(answer)
        if done.isReduction { return try run.acceptReducedEarly(done, slot, workforce) }
        take(done.piece)
        if done.errors.byteCount > 0 {
            try tellErrors(of: done, slot, workforce)
        }
        guard let failure = done.failure(of: settings.command.name) else {
            if try run.acceptFile(done, slot) {
                writtenBytes += done.output.byteCount
                return meter.add(output: done.output.byteCount)
            }
            return try write(done, slot, workforce)
        }
        run.drop(slot)
        try fail(failure.at(done.piece.description), isFirst: !done.isCancelled)
    }

    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else { throw error }
        run.drop(slot)
        take(piece)
        try fail(error.at(piece.description), isFirst: true)
    }

    private func take(_ piece: Piece) {
        acceptedBytes += piece.byteCount
        meter.add(input: piece.byteCount)
    }

    private func write(_ done: ChunkCommand.Done, _ slot: Int, _ workforce: Workforce) throws(PoolmapError) {
        var isFirstPiece = true
        try workforce.own(ChunkCommand.self).forEachPiece(of: done.output, .output, slot, workforce) {
            (bytes) throws(PoolmapError) in
            var bytes = bytes
            if isFirstPiece {
                let left = try run.headerBytes(of: bytes)
                bytes = UnsafeRawBufferPointer(rebasing: bytes[left...])
                isFirstPiece = false
            }
            try run.write(bytes)
            writtenBytes += UInt64(bytes.count)
            meter.add(output: UInt64(bytes.count))
        }
        try run.endOutput()
    }

    private func tellErrors(of done: ChunkCommand.Done, _ slot: Int, _ workforce: Workforce) throws(PoolmapError) {
        try workforce.own(ChunkCommand.self).forEachPiece(of: done.errors, .error, slot, workforce) {
            (bytes) throws(PoolmapError) in
            run.onErrors(name, done.piece, Array(bytes))
        }
        run.onErrors(name, done.piece, [])
    }

    /// - Parameter isFirst: whether the chunk failed by itself, and not since another one has.
    private func fail(_ error: PoolmapError, isFirst: Bool) throws(PoolmapError) {
        run.leaveOut()
        guard run.toleratesFailures else { throw earlyFailure ?? error }
        failedCount += 1
        if isFirst {
            run.onFailure(name, error)
        }
    }

    func finish() throws(PoolmapError) -> JobSummary {
        input.leaveOffset(behind: acceptedBytes)
        try input.requireUnchanged()
        guard isAtEnd, acceptedBytes == offset, !input.isRegular || offset == input.byteCount else {
            throw earlyFailure ?? PoolmapError(.failed, "was not done to its end, since a chunk has failed")
        }
        if failedCount > 0 && !settings.keepsGoing {
            throw PoolmapError(.failed, "\(failedCount) of \(index) chunks failed")
        }
        return JobSummary(inputBytes: offset, outputBytes: writtenBytes)
    }

    /// The run needs nothing more of this input.
    func cancel() {
        run.cancelAll()
    }

    func abandon(_ workforce: Workforce) {
        input.leaveOffset(behind: acceptedBytes)
        chunks?.abandon(workforce)
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
