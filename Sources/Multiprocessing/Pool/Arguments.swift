/// The arguments of a function that takes several, as the input of its `Pool`.
///
///     let pool = try Pool { (base: Int, exponent: Int) in power(base, exponent) }
///     let powers = try pool.starmap([(2, 3), (10, 2)])        // [8, 100]
///     let one = try pool.apply(Arguments(7, 0))
///
/// Python uses a tuple here; Swift's tuples cannot be `Codable`.
public struct Arguments<each Argument: Codable>: Codable {
    /// The arguments, in order.
    public let values: (repeat each Argument)

    /// Stores the arguments, in order.
    public init(_ values: repeat each Argument) {
        self.values = (repeat each values)
    }

    /// Reads them one after the other.
    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        values = (repeat try container.decode((each Argument).self))
    }

    /// Writes them one after the other.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        repeat try container.encode(each values)
    }
}

/// Functions of several arguments.
extension Pool {
    /// Forks the pool manager and the workers, which run a function of several arguments.
    ///
    /// Parameters and errors are those of a pool whose function has one argument. The inputs are `Arguments`; `starmap`
    /// takes tuples.
    /// The corresponding Python API is `multiprocessing.Pool(processes, initializer, initargs, maxtasksperchild)`.
    public convenience init<each Argument: Codable>(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil,
        initializer: @escaping () throws -> Void = {}, _ function: @escaping (repeat each Argument) throws -> Output
    ) throws(MultiprocessingError) where Input == Arguments<repeat each Argument> {
        try self.init(
            processes: processes, maxTasksPerWorker: maxTasksPerWorker, taskTimeout: taskTimeout,
            initializer: initializer
        ) { (input: Input) in try function(repeat each input.values) }
    }

    /// Runs a function of several arguments for every tuple of them and returns the outputs in the tuples' order.
    ///
    /// Blocks until all are done.
    ///
    /// Parameters and errors are those of `map`. The corresponding Python API is `multiprocessing.Pool.starmap`.
    public func starmap<each Argument: Codable>(
        _ inputs: some Sequence<(repeat each Argument)>, chunkSize: Int? = nil
    ) throws(MultiprocessingError) -> [Output] where Input == Arguments<repeat each Argument> {
        try map(inputs.lazy.map { Arguments(repeat each $0) }, chunkSize: chunkSize)
    }

    /// Runs a function of several arguments for every tuple of them; returns a handle for the outputs.
    ///
    /// Does not block.
    ///
    /// Parameters and errors are those of `mapAsync`. The corresponding Python API is
    /// `multiprocessing.Pool.starmap_async`.
    public func starmapAsync<each Argument: Codable>(
        _ inputs: some Sequence<(repeat each Argument)>, chunkSize: Int? = nil, callback: (([Output]) -> Void)? = nil,
        errorCallback: ((MultiprocessingError) -> Void)? = nil
    ) throws(MultiprocessingError) -> AsyncResult<[Output]> where Input == Arguments<repeat each Argument> {
        try mapAsync(
            inputs.lazy.map { Arguments(repeat each $0) }, chunkSize: chunkSize, callback: callback,
            errorCallback: errorCallback)
    }
}
