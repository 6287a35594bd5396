/// Maps by a closure, each with its own workers.
extension ChunkedFile {
    /// Runs a closure over all chunks, in worker processes forked for this map, and returns the outputs in order.
    ///
    /// Blocks until all are done. The fork copies the closure and everything that it captures.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; the default is `processCPUCount()` of `Multiprocessing`.
    ///   - function: runs in the workers, for each chunk.
    ///
    /// Throws as `ChunkPool.map` does, and `poolFailed` in a process with more than one thread.
    public func map<Output: Codable>(
        processes: Int? = nil, _ function: @escaping (borrowing Chunk) throws -> Output
    ) throws(ChunkedMapError) -> [Output] {
        try reduce(into: [], processes: processes, function) { $0.append($1) }
    }

    /// Runs a closure over all chunks, in worker processes forked for this map, and combines the outputs.
    ///
    /// They are combined in the order of the chunks, each as soon as all before it are done.
    ///
    /// Blocks until all are done.
    ///
    /// - Parameters:
    ///   - initial: the value with which the first output is combined.
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
