/// The outputs of `ChunkPool.imap`, taken one at a time.
///
///     let results = try pool.imap(file)
///     while let output = try results.next() { … }
///
/// If it is released before the end, the rest of the map is cancelled. Use it from the pool's thread. The corresponding
/// Python API is the iterator that `multiprocessing.Pool.imap` returns.
public final class ChunkResults<Output: Codable> {
    private let engine: ChunkEngine<Output>
    private let run: ChunkRun<Output>
    private var isOver = false

    init(_ engine: ChunkEngine<Output>, _ run: ChunkRun<Output>) {
        (self.engine, self.run) = (engine, run)
        engine.refill(run)
    }

    deinit {
        engine.cancel(run)
    }

    /// The next output, or nil when there are no more.
    ///
    /// Blocks until it is there. Throws the error that ends the map, once; after it returns nil.
    public func next() throws(ChunkedMapError) -> Output? {
        while !isOver {
            if let output = run.takeNext() {
                engine.refill(run)
                return output
            }
            guard !run.isDone else { break }
            _ = engine.receive()
            engine.refill(run)
        }
        guard !isOver else { return nil }
        isOver = true
        if let error = run.error { throw error }
        return nil
    }
}
