import CMultiprocessing
import Glibc
import Logging
import SystemPackage

/// A function for a pool's workers, as a type: its properties are the arguments, and the state of each worker.
///
///     struct Scale: PoolFunction, Codable {
///         let factor: Double
///         func callAsFunction(_ number: Double) -> Double { number * factor }
///     }
///     let pool = try Pool(startMethod: .spawn, Scale(factor: 2))
///
/// A pool of such a function can be made in a process that has threads. The function's value is sent to the pool
/// manager, from which the workers are forked: each has its own copy. As for a `ProcessTarget`, the program must be
/// able to find its type by name: it must not be `private`, nor be declared inside a function.
///
/// In Python it would be a function at the top level of a module, and the state a global variable.
public protocol PoolFunction {
    /// The input of a task.
    associatedtype Input: Codable
    /// The output of a task.
    associatedtype Output: Codable

    /// Runs once in each worker before its first task.
    ///
    /// If it throws, every task of the pool fails with `initializerFailed`. The default does nothing.
    mutating func prepare() throws

    /// Runs in a worker, for each input.
    mutating func callAsFunction(_ input: Input) throws -> Output
}

extension PoolFunction {
    /// Does nothing.
    public mutating func prepare() {}
}

extension Pool {
    /// Starts the pool manager by the given method; the pool manager forks the workers.
    ///
    /// Does not wait until the workers are ready.
    ///
    /// - Parameters:
    ///   - startMethod: how the pool manager is started. A process that has threads needs `spawn` or `forkserver`;
    ///     `automatic` chooses.
    ///   - processes: the number of workers, at least 1; the default is `processCPUCount()`.
    ///   - maxTasksPerWorker: replace a worker after this many tasks, for example if it leaks memory; nil for never.
    ///   - taskTimeout: how long a task may run, as for a pool of a closure.
    ///   - attempts: how many workers may start a task, as for a pool of a closure.
    ///   - workers: other settings that the workers start with.
    ///   - function: is sent to the pool manager, and copied to each worker.
    ///
    /// Throws as the other initializers do; also `encodingFailed` and `decodingFailed` if the function cannot be sent.
    /// The corresponding Python API is `multiprocessing.get_context(method).Pool`.
    public convenience init<Function: PoolFunction & Codable>(
        startMethod: StartMethod, processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil,
        attempts: Int = 3, workers: WorkerSettings = WorkerSettings(), _ function: Function
    ) throws(MultiprocessingError) where Function.Input == Input, Function.Output == Output {
        let plan = try PoolPlan(processes, maxTasksPerWorker, workers)
        try self.init(taskTimeout, attempts, plan) { socket throws(MultiprocessingError) in
            let entry = PoolManagerEntry(
                socket: DuplicatedDescriptor(FileDescriptor(rawValue: socket)), plan: plan, function: function,
                logLevel: Log.logger?.logLevel)
            let identity = ProcessIdentity.current.helper(named: "pool-manager")
            switch startMethod {
            case .spawn: return try Spawn.start(entry, identity, workers.standardInput)
            case .forkserver: return try ForkServer.start(entry, identity, workers.standardInput)
            case .fork: return try PoolManager.fork(socket, plan, entry.program)
            }
        }
    }

    /// Makes such a pool, passes it to `body`, and ends all its processes when `body` returns or throws.
    ///
    /// The parameters are those of the pool. The corresponding Python API is
    /// `with multiprocessing.get_context(method).Pool(…) as pool`.
    public static func with<Function: PoolFunction & Codable, Result>(
        startMethod: StartMethod, processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil,
        attempts: Int = 3, workers: WorkerSettings = WorkerSettings(), _ function: Function,
        _ body: (Pool) throws -> Result
    ) throws -> Result where Function.Input == Input, Function.Output == Output {
        let pool = try Pool(
            startMethod: startMethod, processes: processes, maxTasksPerWorker: maxTasksPerWorker,
            taskTimeout: taskTimeout, attempts: attempts, workers: workers, function)
        defer { pool.terminate() }
        return try body(pool)
    }
}

/// The entry point of a pool manager that does not have the front's memory.
struct PoolManagerEntry<Function: PoolFunction & Codable>: ProcessEntry {
    let socket: DuplicatedDescriptor
    let plan: PoolPlan
    let function: Function
    /// The level from which on the front wants log lines; nil if it has no logger.
    let logLevel: Logger.Level?

    func main() -> Never {
        PoolManager.begin(socket.fileDescriptor.rawValue, plan, program, forwardingLogFrom: logLevel)
    }

    var program: WorkerProgram {
        WorkerProgram(
            initialize: {
                var state = function
                try state.prepare()
                return state
            }, { (state: inout Function, input: Function.Input) in try state(input) })
    }
}
