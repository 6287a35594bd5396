import Multiprocessing

/// Worker processes that all run one function over the chunks of files, for programs that wait with `await`.
///
///     let pool = try AsyncChunkPool(startMethod: .spawn, CountWords())
///     let words = try await pool.reduce(try ChunkedFile(path, cut: .lines), 0, +)
///     for try await output in pool.results(of: file) { … }
///
/// Any number of tasks may use it at once: the maps share the workers. No thread of Swift's cooperative pool is ever
/// blocked: one thread of the pool's own, which starts with the first map, receives what the workers send. When a
/// waiting task is cancelled, its map is cancelled too: workers that process its chunks are killed and replaced within
/// milliseconds, and the map throws `cancelled`.
///
/// Its processes end when the pool and all its maps are gone, or by `terminate`.
///
/// The corresponding Python API is `concurrent.futures.ProcessPoolExecutor` with `asyncio`, without the files.
public final class AsyncChunkPool<Output: Codable & Sendable>: Sendable {
    let server: ChunkServer<Output>

    /// Takes ownership of a pool, for example one that was made before there were threads.
    ///
    /// Throws `systemCallFailed` if no descriptor is left.
    public init(_ pool: sending ChunkPool<Output>) throws(ChunkedMapError) {
        server = try ChunkServer(pool)
    }

    /// Forks the pool's processes.
    ///
    /// Parameters and errors are those of `ChunkPool`; so use it at the start of a program, before it has threads.
    public convenience init(
        processes: Int? = nil, chunkTimeout: Duration? = nil, _ function: @escaping (borrowing Chunk) throws -> Output
    ) throws(ChunkedMapError) {
        // The function runs only in the workers.
        nonisolated(unsafe) let pool = try ChunkPool(processes: processes, chunkTimeout: chunkTimeout, function)
        try self.init(pool)
    }

    /// Starts the pool's manager process by the given method; the manager process forks the workers.
    ///
    /// Blocks until the manager process has started, some milliseconds. Parameters and errors are those of `ChunkPool`;
    /// a program that has threads needs `spawn` or `forkserver`.
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

    /// Returns the outputs of all chunks, in order.
    ///
    /// Throws the error of the first chunk, in order, that failed, and otherwise as `ChunkPool.map` does; `cancelled`
    /// if the task is cancelled.
    public func map(
        _ file: ChunkedFile, isolation: isolated (any Actor)? = #isolation
    ) async throws(ChunkedMapError) -> [Output] {
        try await reduce(file, into: []) { $0.append($1) }
    }

    /// Combines the outputs in the order of the chunks, each as soon as all before it are done.
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

    /// Combines the outputs in the order of the chunks, each as soon as all before it are done.
    ///
    /// Throws as `map` does.
    public func reduce<Result>(
        _ file: ChunkedFile, _ initial: Result, isolation: isolated (any Actor)? = #isolation,
        _ combine: (Result, Output) -> Result
    ) async throws(ChunkedMapError) -> Result {
        try await reduce(file, into: initial, isolation: isolation) { $0 = combine($0, $1) }
    }

    /// Returns the outputs one by one, in the order of the chunks, each as soon as all before it are done.
    ///
    /// Each iteration is a map of its own, which starts with the first `next` and is cancelled when its iterator is
    /// released.
    ///
    /// - Parameters:
    ///   - file: the file to map.
    ///   - inFlight: how many chunks may be processed or waiting to be taken, at least one; the default is 4 for each
    ///     worker.
    public func results(of file: ChunkedFile, inFlight: Int? = nil) -> AsyncChunkResults<Output> {
        AsyncChunkResults(pool: self, file: file, inFlight: inFlight)
    }

    /// Ends all processes of the pool, and returns when they have ended.
    ///
    /// Running maps, and later ones, throw `cancelled`.
    public func terminate() async {
        await withCheckedContinuation { continuation in
            server.post(.stop { continuation.resume() })
        }
    }
}

/// The outputs of a map, as they arrive; see `AsyncChunkPool.results(of:inFlight:)`.
public struct AsyncChunkResults<Output: Codable & Sendable>: AsyncSequence, Sendable {
    let pool: AsyncChunkPool<Output>
    let file: ChunkedFile
    let inFlight: Int?

    /// Makes an iterator; the map starts with its first `next`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(map: ServedMap(pool.server, file, inFlight: inFlight), pool: pool)
    }

    /// One map.
    public struct Iterator: AsyncIteratorProtocol {
        let map: ServedMap<Output>
        let pool: AsyncChunkPool<Output>

        /// The next output, or nil when there are no more.
        ///
        /// Throws the error that ends the map, once; after it returns nil.
        public func next() async throws(ChunkedMapError) -> Output? {
            try await map.next(isolation: nil)
        }

        /// The next output, or nil when there are no more.
        ///
        /// Throws the error that ends the map, once; after it returns nil.
        public func next(isolation actor: isolated (any Actor)?) async throws(ChunkedMapError) -> Output? {
            try await map.next(isolation: actor)
        }
    }
}
