import Multiprocessing

/// Worker processes that all run one function over the chunks of files, and the outputs in order.
///
///     let pool = try ChunkPool(processes: 4) { chunk in countWords(chunk) }
///     for path in paths {
///         let file = try ChunkedFile(path, cut: .lines)
///         print(path, try pool.reduce(file, 0, +))
///     }
///
/// The function is copied to the workers when the pool is made, with everything that it captures; its changes stay in
/// its worker. So it is given before the files are. Only outputs travel, as `Codable` values; the workers read the
/// files.
///
/// A worker that dies is replaced and its chunk processed again, three times in all; so a function may run more than
/// once for a chunk, and should tolerate that. After the first error of a map, its remaining chunks are cancelled:
/// workers that process them are killed and replaced, and the pool can be used for the next map.
///
/// Use a pool from the thread that made it. It creates no threads. Its processes end when it and its `ChunkResults` are
/// released, or by `terminate`. `AsyncChunkPool` is for programs that wait with `await`.
///
/// The corresponding Python API is `multiprocessing.Pool`, without the files.
public final class ChunkPool<Output: Codable> {
    let engine: ChunkEngine<Output>

    /// Forks the pool's processes.
    ///
    /// Does not wait until the workers are ready.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; the default is `processCPUCount()` of `Multiprocessing`.
    ///   - chunkTimeout: how long the function may take for a chunk; then its worker is killed, and the map fails with
    ///     `timedOut`. nil for no limit.
    ///   - initializer: runs once in each worker before its first chunk.
    ///   - function: runs in the workers, for each chunk.
    ///
    /// Throws `poolFailed`; with the pool's error `multipleThreads` in a process with more than one thread, where you
    /// need a `ChunkFunction`.
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

    /// Starts the pool's manager process by the given method; the manager process forks the workers.
    ///
    /// - Parameters:
    ///   - startMethod: how the manager process is started. A process that has threads needs `spawn` or `forkserver`;
    ///     `automatic` chooses.
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

    /// Returns the outputs of all chunks, in order.
    ///
    /// Blocks until all are done. Throws the error of the first chunk, in order, that failed; `recordTooLong`,
    /// `fileChanged`, `systemCallFailed`, `poolFailed`. The corresponding Python API is `multiprocessing.Pool.map`.
    public func map(_ file: ChunkedFile) throws(ChunkedMapError) -> [Output] {
        try reduce(file, into: []) { $0.append($1) }
    }

    /// Returns the outputs one by one, in the order of the chunks, each as soon as all before it are done.
    ///
    /// Does not block.
    ///
    /// - Parameters:
    ///   - file: the file to map.
    ///   - inFlight: how many chunks may be processed or waiting to be taken, at least one; the default is 4 for each
    ///     worker.
    ///
    /// Throws `systemCallFailed` if no descriptor is left. The corresponding Python API is
    /// `multiprocessing.Pool.imap`.
    public func imap(_ file: ChunkedFile, inFlight: Int? = nil) throws(ChunkedMapError) -> ChunkResults<Output> {
        ChunkResults(engine, try engine.begin(file, inFlight: inFlight))
    }

    /// Combines the outputs in the order of the chunks, each as soon as all before it are done.
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

    /// Combines the outputs in the order of the chunks, each as soon as all before it are done.
    ///
    /// Blocks until all are done. Throws as `map` does.
    public func reduce<Result>(
        _ file: ChunkedFile, _ initial: Result, _ combine: (Result, Output) -> Result
    ) throws(ChunkedMapError) -> Result {
        try reduce(file, into: initial) { $0 = combine($0, $1) }
    }

    /// Ends all processes of the pool at once and waits until they have ended.
    ///
    /// Later maps fail with `poolFailed`. The corresponding Python API is
    /// `multiprocessing.Pool.terminate`, with `join`.
    public func terminate() {
        engine.pool.terminate()
    }
}

/// Adapts a chunk function to a pool: each worker has its own `ChunkWorker`.
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
