/// A function that workers run for each chunk, as a type: its properties are the arguments, and the state of each
/// worker.
///
///     struct CountBytes: ChunkFunction {
///         let byte: UInt8
///         func callAsFunction(_ chunk: borrowing Chunk) -> Int { … }
///     }
///     let pool = try ChunkPool(startMethod: .spawn, CountBytes(byte: 10))
///
/// A pool of such a function can be made in a process that has threads. As for a `PoolFunction` of `Multiprocessing`,
/// the value is sent to the pool's manager process, and the program must be able to find its type by name: it must not
/// be `private`, nor be declared inside a function.
public protocol ChunkFunction: Codable {
    /// The output of a chunk.
    associatedtype Output: Codable

    /// Runs once in each worker before its first chunk.
    ///
    /// If it throws, every map of the pool fails with `poolFailed`. The default does nothing.
    mutating func prepare() throws

    /// Runs in a worker, for each chunk.
    mutating func callAsFunction(_ chunk: borrowing Chunk) throws -> Output
}

extension ChunkFunction {
    /// Does nothing.
    public mutating func prepare() {}
}
