import Chunks
import Ground
import Multiprocessing

/// One map of a file: the next tasks to submit, and the outputs, in order.
final class ChunkRun<Output: Codable> {
    /// The next task.
    enum Step {
        case task(ChunkTask, ChunkPlace?)
        /// None until something arrives, or ever.
        case none
    }

    let file: ChunkedFile
    /// All chunks of a map are in one lane, so that their outputs arrive in order.
    let lane: Int
    private let descriptor: SharedDescriptor
    private let window: Int
    private let rule: BorderRule?
    private var found: FoundBorders?
    private var offset: UInt64 = 0
    private var chunkCount = 0
    /// No chunk comes after those submitted.
    private var isPlanned = false
    /// The error for which that is so, if any; outputs before it come first.
    private var lastError: ChunkedMapError?
    private var arrived = Line<Output>()
    /// How many chunks were submitted and have not been taken.
    private var openCount = 0

    /// The first error, which ends the map.
    private(set) var error: ChunkedMapError?

    /// - Parameter window: the maximum number of chunks that are being processed or waiting to be taken.
    init(_ file: ChunkedFile, lane: Int, window: Int, workerCount: Int) throws(ChunkedMapError) {
        (self.file, self.lane, self.window) = (file, lane, window)
        descriptor = try file.handed()
        let settings = file.settings
        rule = settings.chunkCut.rule(
            from: 0, chunkBytes: settings.chunkBytes, mostRecordBytes: settings.mostRecordBytes)
        if case .records(let kind, _) = settings.chunkCut, let rule {
            found = FoundBorders(kind, rule, byteCount: file.byteCount, aheadOf: 2 * workerCount)
        }
    }

    /// Whether everything has been taken, or never will be.
    var isDone: Bool { error != nil || (isPlanned && openCount == 0) }

    // MARK: Submitting

    func next() -> Step {
        guard error == nil, !isPlanned, openCount < window else { return .none }
        switch nextBorder() {
        case .chunk(let byteCount):
            let place = ChunkPlace(index: chunkCount, offset: offset, byteCount: byteCount)
            chunkCount += 1
            openCount += 1
            offset += byteCount
            isPlanned = offset == file.byteCount
            return .task(task(.chunk(place), nil), place)
        case .look(let stretch, _, let question):
            guard let rule else { return .none }
            return .task(
                task(.look(from: stretch.lowerBound, to: stretch.upperBound, rule, question), file.settings.cut.kind),
                nil)
        case .wait: return .none
        case .tooLong:
            isPlanned = true
            let text = rule?.longRecord(inChunkAt: offset, allowedBy: "mostRecordBytes").message ?? ""
            lastError = ChunkedMapError(.recordTooLong, text, of: file.path)
            failIfLast()
            return .none
        }
    }

    private func nextBorder() -> FoundBorders.Next {
        if found != nil { return found?.next(at: offset) ?? .wait }
        let stepBytes = file.settings.chunkCut.stepBytes(file.settings.chunkBytes) ?? .max
        return .chunk(byteCount: min(stepBytes, file.byteCount - offset))
    }

    private func task(_ work: ChunkTask.Work, _ cut: Cut.Kind?) -> ChunkTask {
        ChunkTask(file: descriptor, facts: Bitwise(ChunkTask.Facts(status: file.status, work: work)), cut: cut)
    }

    // MARK: Taking

    /// Takes the outcome of a task.
    ///
    /// - Parameter place: the chunk; nil for a look.
    func accept(_ completion: Pool<ChunkTask, ChunkAnswer<Output>>.Completion, _ place: ChunkPlace?) {
        // After a failed chunk, later results are discarded.
        guard error == nil else { return }
        switch completion.result {
        case .success(.output(let output)): arrived.append(output)
        case .success(.borders(let borders)): found?.add(borders)
        case .success(.failure(let error)): fail(ChunkedMapError(error, of: file.path, at: place))
        case .failure(let error):
            fail(ChunkedMapError(error, of: file.path, at: place, attempts: completion.attempts))
        }
    }

    func fail(_ error: ChunkedMapError) {
        self.error = self.error ?? error
    }

    /// The next output, if it is there.
    ///
    /// Outputs before a failed chunk can still be taken.
    func takeNext() -> Output? {
        guard let output = arrived.first else { return nil }
        arrived.removeFirst()
        openCount -= 1
        failIfLast()
        return output
    }

    private func failIfLast() {
        if openCount == 0, let lastError { fail(lastError) }
    }
}
