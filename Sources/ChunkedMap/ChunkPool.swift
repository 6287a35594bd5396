import Multiprocessing

/// Worker processes that all run one function over the chunks of files, and the outputs in order.
///
///     let pool = try ChunkPool(processes: 4) { chunk in countWords(chunk) }
///     for path in paths {
///         let file = try ChunkedFile(path, cut: .lines)
///         print(path, try pool.reduce(file, 0, +))
///     }
///
/// The function is copied to the workers when the pool is made, with all that it captures; what it changes stays in its
/// worker. So it is given before the files are. Only outputs travel, as `Codable` values; the workers read the files.
///
/// A worker that dies is replaced and its chunk done again, three times in all; so a function may run more than once for a
/// chunk, and should bear that. After the first error of a map, the chunks under way are cancelled: workers that are at
/// them are killed and replaced, and the pool can be used for the next map.
///
/// Use a pool from the thread that made it. It makes no threads. Its processes end when it and its `ChunkResults` go
/// away, or by `terminate`. `AsyncChunkPool` is for programs that wait by `await`.
///
/// The corresponding Python API is `multiprocessing.Pool`, which knows no files.
public final class ChunkPool<Output: Codable> {
    let engine: ChunkEngine<Output>

    /// Forks the pool's processes.
    ///
    /// Does not wait until the workers are ready.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; `processCPUCount()` of `Multiprocessing` where none is given.
    ///   - chunkTimeout: how long the function may take for a chunk; then its worker is killed, and the map fails with
    ///     `timedOut`. nil for as long as it likes.
    ///   - initializer: runs once in each worker before its first chunk.
    ///   - function: runs in the workers, for each chunk.
    ///
    /// Throws `poolFailed`; with the pool's error `multipleThreads` in a process with more than one thread, which is to
    /// give a `ChunkFunction`.
    public init(
        processes: Int? = nil, chunkTimeout: Duration? = nil, initializer: @escaping () throws -> Void = {},
        _ function: @escaping (borrowing Chunk) throws -> Output
    ) throws(ChunkedMapError) {
        engine = try ChunkPool.engine(processes) { () throws(MultiprocessingError) in
            try Pool(
                processes: processes, taskTimeout: chunkTimeout,
                initializer: {
                    try initializer()
                    return ChunkWorker()
                }, { (worker: inout ChunkWorker, task: ChunkTask) in try worker.perform(task, function) })
        }
    }

    /// Starts the pool's manager process by the method, which forks the workers.
    ///
    /// - Parameters:
    ///   - startMethod: how the manager process comes to be. A process that has threads needs `spawn` or `forkserver`;
    ///     `automatic` knows.
    ///   - processes: the number of workers, at least 1.
    ///   - chunkTimeout: how long the function may take for a chunk.
    ///   - function: is sent to the manager process, and copied to each worker.
    ///
    /// Throws `poolFailed`.
    public init<Function: ChunkFunction>(
        startMethod: StartMethod, processes: Int? = nil, chunkTimeout: Duration? = nil, _ function: Function
    ) throws(ChunkedMapError) where Function.Output == Output {
        engine = try ChunkPool.engine(processes) { () throws(MultiprocessingError) in
            try Pool(
                startMethod: startMethod, processes: processes, taskTimeout: chunkTimeout, WorkerFunction(function))
        }
    }

    private static func engine(
        _ processes: Int?, _ make: () throws(MultiprocessingError) -> ChunkEngine<Output>.WorkPool
    ) throws(ChunkedMapError) -> ChunkEngine<Output> {
        do {
            return ChunkEngine(try make(), workerCount: processes ?? processCPUCount())
        } catch {
            throw ChunkedMapError(error)
        }
    }

    // MARK: Maps

    /// The outputs of all chunks, in the chunks' order.
    ///
    /// Blocks until all are done. Throws the error of the first chunk, in order, that has one; `recordTooLong`,
    /// `fileChanged`, `systemCallFailed`, `poolFailed`. The corresponding Python API is `multiprocessing.Pool.map`.
    public func map(_ file: ChunkedFile) throws(ChunkedMapError) -> [Output] {
        try reduce(file, into: []) { $0.append($1) }
    }

    /// The outputs one by one, in the chunks' order, each as soon as it and all before it are done.
    ///
    /// Does not block.
    ///
    /// - Parameters:
    ///   - file: what is mapped.
    ///   - inFlight: at most so many chunks are under way or wait to be taken, and one at least; by default 4 for each
    ///     worker.
    ///
    /// Throws `systemCallFailed`, where no descriptor is left. The corresponding Python API is
    /// `multiprocessing.Pool.imap`.
    public func imap(_ file: ChunkedFile, inFlight: Int? = nil) throws(ChunkedMapError) -> ChunkResults<Output> {
        ChunkResults(engine, try engine.begin(file, inFlight: inFlight))
    }

    /// Combines the outputs in the chunks' order, each as soon as it and all before it are done.
    ///
    /// Blocks until all are done. Throws as `map` does.
    public func reduce<Result>(
        _ file: ChunkedFile, into initial: Result, _ combine: (inout Result, Output) -> Void
    ) throws(ChunkedMapError) -> Result {
        let results = try imap(file)
        var result = initial
        while let output = try results.next() {
            combine(&result, output)
        }
        return result
    }

    /// Combines the outputs in the chunks' order, each as soon as it and all before it are done.
    ///
    /// Blocks until all are done. Throws as `map` does.
    public func reduce<Result>(
        _ file: ChunkedFile, _ initial: Result, _ combine: (Result, Output) -> Result
    ) throws(ChunkedMapError) -> Result {
        try reduce(file, into: initial) { $0 = combine($0, $1) }
    }

    /// Ends all processes of the pool at once and waits until they have ended.
    ///
    /// What is asked of it afterwards fails with `poolFailed`. The corresponding Python API is
    /// `multiprocessing.Pool.terminate`, with `join`.
    public func terminate() {
        engine.pool.terminate()
    }
}

/// A chunk function as the pool's workers run it, each with a `ChunkWorker` of its own.
struct WorkerFunction<Function: ChunkFunction>: PoolFunction, Codable {
    private var function: Function
    private var worker: ChunkWorker?

    private enum CodingKeys: CodingKey {
        case function
    }

    init(_ function: Function) {
        self.function = function
    }

    mutating func prepare() throws {
        worker = ChunkWorker()
        try function.prepare()
    }

    mutating func callAsFunction(_ task: ChunkTask) throws -> ChunkAnswer<Function.Output> {
        let worker = worker ?? ChunkWorker()
        return try worker.perform(task) { chunk in try function(chunk) }
    }
}
