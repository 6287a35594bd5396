import Multiprocessing

/// A pool of workers, and the maps that it has under way: hands out their chunks, and hands them what comes.
///
///     ChunkedFile            this process                                a worker
///     cut, sizes      ──>    ChunkRun.next: where to look for borders ──> StretchSearch reads around the cuts
///                            FoundBorders.add                        <──  borders
///                            ChunkRun.next: a chunk                  ──>  reads it, runs the function
///                            ChunkRun.takeNext                       <──  the output, in order, as all are of one lane
///
/// For the file only its descriptor and numbers travel, so this process has none of its bytes. Each map has a window: no
/// more chunks are under way or wait to be taken, and so memory is bounded by outputs, however slow the first chunk is
/// or whoever takes them. Only the first `look`s are waited for; later ones are made ahead, by whichever worker is free.
final class ChunkEngine<Output: Codable> {
    typealias WorkPool = Pool<ChunkTask, ChunkAnswer<Output>>

    let pool: WorkPool
    private let workerCount: Int
    /// Whose each task is, and of which chunk.
    private var tasks: [UInt64: (run: ChunkRun<Output>, place: ChunkPlace?)] = [:]
    private var lastLane = 0
    /// How many tasks were handed out whose answer has not come, those of cancelled maps with them.
    private(set) var unansweredCount = 0
    private static var chunksForWorker: Int { 4 }

    init(_ pool: WorkPool, workerCount: Int) {
        (self.pool, self.workerCount) = (pool, workerCount)
    }

    func begin(_ file: ChunkedFile, inFlight: Int?) throws(ChunkedMapError) -> ChunkRun<Output> {
        lastLane += 1
        return try ChunkRun(
            file, lane: lastLane, window: max(1, inFlight ?? ChunkEngine.chunksForWorker * workerCount),
            workerCount: workerCount)
    }

    /// Hands out as much of a map as there is room for.
    func refill(_ run: ChunkRun<Output>) {
        while case .task(let task, let place) = run.next() {
            do throws(MultiprocessingError) {
                let number = try pool.submit(task, lane: place == nil ? nil : run.lane)
                tasks[number] = (run, place)
                unansweredCount += 1
            } catch {
                run.fail(ChunkedMapError(error, of: run.file.path))
            }
        }
        if run.error != nil { cancel(run) }
    }

    /// Waits until something has come of some task, and hands it to its map; false when the time was over first.
    ///
    /// Where the pool has failed, all maps have.
    func receive(timeout: Duration? = nil) -> Bool {
        do throws(MultiprocessingError) {
            guard let completion = try pool.nextCompletion(timeout: timeout) else { return false }
            unansweredCount -= 1
            if let (run, place) = tasks.removeValue(forKey: completion.task) {
                run.accept(completion, place)
            }
            return true
        } catch {
            for (run, _) in tasks.values {
                run.fail(ChunkedMapError(error, of: run.file.path))
            }
            (tasks, unansweredCount) = ([:], 0)
            return false
        }
    }

    /// Ends what is under way of a map; workers that are at its chunks are killed and replaced.
    func cancel(_ run: ChunkRun<Output>) {
        for (number, task) in tasks where task.run === run {
            tasks[number] = nil
            pool.cancel(task: number)
        }
    }
}
