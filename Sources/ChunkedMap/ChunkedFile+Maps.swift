/// Maps by a closure, each with workers of its own.
extension ChunkedFile {
    /// Runs a closure over all chunks, in worker processes that are forked for it, and returns the outputs in the chunks'
    /// order.
    ///
    /// Blocks until all are done. The closure, and all that it captures, is copied with the fork.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; `processCPUCount()` of `Multiprocessing` where none is given.
    ///   - function: runs in the workers, for each chunk.
    ///
    /// Throws as `ChunkPool.map` does, and `poolFailed` in a process with more than one thread.
    public func map<Output: Codable>(
        processes: Int? = nil, _ function: @escaping (borrowing Chunk) throws -> Output
    ) throws(ChunkedMapError) -> [Output] {
        try reduce(into: [], processes: processes, function) { $0.append($1) }
    }

    /// Runs a closure over all chunks, in worker processes that are forked for it, and combines the outputs in the chunks'
    /// order, each as soon as it and all before it are done.
    ///
    /// Blocks until all are done.
    ///
    /// - Parameters:
    ///   - initial: what the first output is combined with.
    ///   - processes: the number of workers, at least 1.
    ///   - function: runs in the workers, for each chunk.
    ///   - combine: runs in this process.
    ///
    /// Throws as `map` does.
    public func reduce<Result, Output: Codable>(
        into initial: Result, processes: Int? = nil, _ function: @escaping (borrowing Chunk) throws -> Output,
        _ combine: (inout Result, Output) -> Void
    ) throws(ChunkedMapError) -> Result {
        let pool = try ChunkPool(processes: processes, function)
        defer { pool.terminate() }
        return try pool.reduce(self, into: initial, combine)
    }
}
