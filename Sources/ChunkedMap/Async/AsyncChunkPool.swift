import Multiprocessing

/// Worker processes that all run one function over the chunks of files, for programs that wait by `await`.
///
///     let pool = try AsyncChunkPool(startMethod: .spawn, CountWords())
///     let words = try await pool.reduce(try ChunkedFile(path, cut: .lines), 0, +)
///     for try await output in pool.results(of: file) { … }
///
/// Any task may use it, several at once: the maps share the workers. No thread of Swift's cooperative pool is ever
/// blocked: what comes from the workers is taken in by one thread of the pool's own, which begins with the first map.
/// When the task that waits is cancelled, its map is: workers that are at its chunks are killed and replaced within
/// milliseconds, and the map throws `cancelled`.
///
/// Its processes end when it and all that maps with it are gone, or by `terminate`.
///
/// The corresponding Python API is `concurrent.futures.ProcessPoolExecutor` with `asyncio`, which knows no files.
public final class AsyncChunkPool<Output: Codable & Sendable>: Sendable {
    let server: ChunkServer<Output>

    /// Takes over a pool, as one that was made before there were threads.
    ///
    /// Throws `systemCallFailed`, where no descriptor is left.
    public init(_ pool: sending ChunkPool<Output>) throws(ChunkedMapError) {
        server = try ChunkServer(pool)
    }

    /// Forks the pool's processes.
    ///
    /// Parameters and errors are those of `ChunkPool`; so it is for the beginning of a program that has no threads yet.
    public convenience init(
        processes: Int? = nil, chunkTimeout: Duration? = nil, _ function: @escaping (borrowing Chunk) throws -> Output
    ) throws(ChunkedMapError) {
        // The function runs in the workers alone.
        nonisolated(unsafe) let pool = try ChunkPool(processes: processes, chunkTimeout: chunkTimeout, function)
        try self.init(pool)
    }

    /// Starts the pool's manager process by the method, which forks the workers.
    ///
    /// Blocks until the manager process has begun, some milliseconds. Parameters and errors are those of `ChunkPool`; a
    /// program that has threads needs `spawn` or `forkserver`.
    public convenience init<Function: ChunkFunction>(
        startMethod: StartMethod, processes: Int? = nil, chunkTimeout: Duration? = nil, _ function: Function
    ) throws(ChunkedMapError) where Function.Output == Output {
        nonisolated(unsafe) let pool = try ChunkPool(
            startMethod: startMethod, processes: processes, chunkTimeout: chunkTimeout, function)
        try self.init(pool)
    }

    deinit {
        server.post(.stop {})
    }

    /// The outputs of all chunks, in the chunks' order.
    ///
    /// Throws the error of the first chunk, in order, that has one, and else as `ChunkPool.map`; `cancelled` where the
    /// task is cancelled.
    public func map(
        _ file: ChunkedFile, isolation: isolated (any Actor)? = #isolation
    ) async throws(ChunkedMapError) -> [Output] {
        try await reduce(file, into: []) { $0.append($1) }
    }

    /// Combines the outputs in the chunks' order, each as soon as it and all before it are done.
    ///
    /// Throws as `map` does.
    public func reduce<Result>(
        _ file: ChunkedFile, into initial: Result, isolation: isolated (any Actor)? = #isolation,
        _ combine: (inout Result, Output) -> Void
    ) async throws(ChunkedMapError) -> Result {
        let outputs = results(of: file).makeAsyncIterator()
        var result = initial
        while let output = try await outputs.next(isolation: isolation) {
            combine(&result, output)
        }
        return result
    }

    /// Combines the outputs in the chunks' order, each as soon as it and all before it are done.
    ///
    /// Throws as `map` does.
    public func reduce<Result>(
        _ file: ChunkedFile, _ initial: Result, isolation: isolated (any Actor)? = #isolation,
        _ combine: (Result, Output) -> Result
    ) async throws(ChunkedMapError) -> Result {
        try await reduce(file, into: initial, isolation: isolation) { $0 = combine($0, $1) }
    }

    /// The outputs one by one, in the chunks' order, each as soon as it and all before it are done.
    ///
    /// Each iteration is a map of its own, which begins with the first `next`, and is cancelled when its iterator goes away.
    ///
    /// - Parameters:
    ///   - file: what is mapped.
    ///   - inFlight: at most so many chunks are under way or wait to be taken, and one at least; by default 4 for each
    ///     worker.
    public func results(of file: ChunkedFile, inFlight: Int? = nil) -> AsyncChunkResults<Output> {
        AsyncChunkResults(pool: self, file: file, inFlight: inFlight)
    }

    /// Ends all processes of the pool, and returns when they have ended.
    ///
    /// Maps under way, and those that are asked of it afterwards, throw `cancelled`.
    public func terminate() async {
        await withCheckedContinuation { continuation in
            server.post(.stop { continuation.resume() })
        }
    }
}

/// The outputs of a map, as they come; see `AsyncChunkPool.results(of:inFlight:)`.
public struct AsyncChunkResults<Output: Codable & Sendable>: AsyncSequence, Sendable {
    let pool: AsyncChunkPool<Output>
    let file: ChunkedFile
    let inFlight: Int?

    /// Begins no map yet.
    public func makeAsyncIterator() -> Iterator {
        Iterator(map: ServedMap(pool.server, file, inFlight: inFlight), pool: pool)
    }

    /// One map.
    public struct Iterator: AsyncIteratorProtocol {
        let map: ServedMap<Output>
        let pool: AsyncChunkPool<Output>

        /// The next output, or nil when there are no more.
        ///
        /// Throws the error that ends the map, once; behind it there is nil.
        public func next() async throws(ChunkedMapError) -> Output? {
            try await map.next(isolation: nil)
        }

        /// The next output, or nil when there are no more.
        ///
        /// Throws the error that ends the map, once; behind it there is nil.
        public func next(isolation actor: isolated (any Actor)?) async throws(ChunkedMapError) -> Output? {
            try await map.next(isolation: actor)
        }
    }
}
