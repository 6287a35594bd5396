import Multiprocessing

/// A pool of workers, and its active maps: submits their chunks, and passes them the results.
///
///     ChunkedFile            this process                                a worker
///     cut, sizes      ──>    ChunkRun.next: where to look for borders ──> StretchSearch reads around the cuts
///                            FoundBorders.add                        <──  borders
///                            ChunkRun.next: a chunk                  ──>  reads it, runs the function
///                        ChunkRun.takeNext                       <──  the output, in order, as all are in one lane
///
/// Only the file's descriptor and numbers are sent, so this process holds none of its bytes. Each map has a window: the
/// maximum number of chunks that are being processed or waiting to be taken. So memory is bounded by outputs, however
/// slow the first chunk or the consumer is. Only the first `look`s are waited for; later ones are made ahead, by
/// whichever worker is free.
final class ChunkEngine<Output: Codable> {
    typealias WorkPool = Pool<ChunkTask, ChunkAnswer<Output>>

    let pool: WorkPool
    private let workerCount: Int
    /// The map of each task, and its chunk.
    private var tasks: [UInt64: (run: ChunkRun<Output>, place: ChunkPlace?)] = [:]
    private var lastLane = 0
    /// How many tasks have not been answered, including those of cancelled maps.
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

    /// Submits as many tasks of a map as there is room for.
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

    /// Waits until some task is answered, and passes the answer to its map; false on a timeout.
    ///
    /// If the pool has failed, all maps fail.
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

    /// Ends the unfinished tasks of a map; workers that process its chunks are killed and replaced.
    func cancel(_ run: ChunkRun<Output>) {
        for (number, task) in tasks where task.run === run {
            tasks[number] = nil
            pool.cancel(task: number)
        }
    }
}
