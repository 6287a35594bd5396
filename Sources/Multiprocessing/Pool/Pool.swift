import Glibc
import SystemPackage

/// Worker processes that all run one function, and results in the order that the caller wants.
///
///     let pool = try Pool(processes: 4) { (number: Int) in number * number }
///     let squares = try pool.map([1, 2, 3])        // [1, 4, 9]
///     let later = try pool.applyAsync(4)
///     let sixteen = try later.get()
///
/// The pool forks a *pool manager* process when it is made, and the pool manager forks the workers (see `PoolManager`
/// for how they communicate). So a worker that dies is replaced at once, even if this process has threads by then. The
/// task that it ran is run again, in three workers at most unless `attempts` says otherwise; then that task fails with
/// `workerDied`, which names the task, the process and the signal. A function may therefore run more than once for a
/// task, and should tolerate that. If this process dies, the kernel ends all others.
///
/// The function and everything it captures are copied by the fork: its changes stay in its worker. Only inputs and
/// outputs travel, as `Codable` values; structures of numbers that conform to `FixedLayout`, and arrays of them, as
/// plain copies of memory. Send large payloads through a `SlotArena`.
///
/// A worker gets its next task when it has finished the last one. Only while tasks take microseconds are several, up to
/// 64, sent ahead to each worker; if one of them turns out to be long, those behind it are given to others. With a
/// `chunkSize`, that many tasks are given out at a time, however long they take.
///
/// A task can be ended before it has a result, by `cancel` or by its timeout; if a worker is running it, that worker is
/// killed and replaced. Each task ends once: with an output, or with one error.
///
/// Use a pool from the thread that made it. It has no threads of its own: results are received, and callbacks run,
/// while that thread is in a method of the pool or of one of its `AsyncResult`s. Its processes end when it and its
/// `AsyncResult`s are released; `with` ends them at a known place.
///
/// The corresponding Python API is `multiprocessing.Pool`.
public final class Pool<Input: Codable, Output: Codable> {
    let link: PoolLink
    let inputCoder = MessageCoder<Input>.codable()
    let outputCoder = MessageCoder<Output>.codable()
    /// The results for `nextCompletion`.
    let completions = Completions()
    /// The header of a task with default settings.
    let usualTerms: PoolFrame

    /// Forks the pool manager and the workers.
    ///
    /// Does not wait until the workers are ready.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; the default is `processCPUCount()`.
    ///   - maxTasksPerWorker: replace a worker after this many tasks, for example if it leaks memory; nil for never.
    ///   - taskTimeout: how long a task may run, from when a worker starts it; then that worker is killed, and the task
    ///     fails with `taskTimedOut` and is not tried again. nil for no limit.
    ///   - attempts: how many workers may start a task before it fails with `workerDied`, at least 1: 1 for tasks that
    ///     must not run twice. A task is tried again only if its worker dies, by a signal, a crash or `exit`; a thrown
    ///     error, its timeout and `cancel` end it.
    ///   - workers: other settings that the workers start with.
    ///   - initializer: runs once in each worker before its first task.
    ///   - function: runs in the workers, for each input.
    ///
    /// Throws `multipleThreads` in a process with more than one thread, `invalidState` for a number or a time that is
    /// not positive, and `systemCallFailed`.
    /// The corresponding Python API is `multiprocessing.Pool(processes, initializer, initargs, maxtasksperchild)`.
    public convenience init(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil, attempts: Int = 3,
        workers: WorkerSettings = WorkerSettings(), initializer: @escaping () throws -> Void = {},
        _ function: @escaping (Input) throws -> Output
    ) throws(MultiprocessingError) {
        try self.init(
            processes: processes, maxTasksPerWorker: maxTasksPerWorker, taskTimeout: taskTimeout, attempts: attempts,
            workers: workers, initializer: initializer
        ) { (_: inout Void, input: Input) in try function(input) }
    }

    /// Forks the pool manager and the workers, for a function that returns nothing.
    ///
    /// The parameters and errors are those of the initializer for a function with an output.
    public convenience init(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil, attempts: Int = 3,
        workers: WorkerSettings = WorkerSettings(), initializer: @escaping () throws -> Void = {},
        _ function: @escaping (Input) throws -> Void
    ) throws(MultiprocessingError) where Output == Nothing {
        try self.init(
            processes: processes, maxTasksPerWorker: maxTasksPerWorker, taskTimeout: taskTimeout, attempts: attempts,
            workers: workers, initializer: initializer
        ) { (_: inout Void, input: Input) in
            try function(input)
            return Nothing()
        }
    }

    /// Forks the pool manager and the workers, each of which has its own state.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; the default is `processCPUCount()`.
    ///   - maxTasksPerWorker: replace a worker after this many tasks, for example if it leaks memory; nil for never.
    ///   - taskTimeout: how long a task may run, as for a function without state.
    ///   - attempts: how many workers may start a task, as for a function without state.
    ///   - workers: other settings that the workers start with.
    ///   - initializer: makes a worker's state, once in each worker before its first task. If it throws, every task of
    ///     the pool fails with `initializerFailed`.
    ///   - function: runs in the workers, for each input, with the worker's state.
    ///
    /// Throws as the initializer for a function without state. In Python the state would be a global variable that the
    /// initializer sets.
    public convenience init<State>(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil, attempts: Int = 3,
        workers: WorkerSettings = WorkerSettings(), initializer: @escaping () throws -> State,
        _ function: @escaping (inout State, Input) throws -> Output
    ) throws(MultiprocessingError) {
        let plan = try PoolPlan(processes, maxTasksPerWorker, workers)
        try self.init(taskTimeout, attempts, plan) { socket throws(MultiprocessingError) in
            try PoolManager.fork(socket, plan, WorkerProgram(initialize: initializer, function))
        }
    }

    /// Starts the pool manager with `start`.
    init(
        _ taskTimeout: Duration?, _ attempts: Int, _ plan: PoolPlan,
        _ start: (Int32) throws(MultiprocessingError) -> ProcessHandle
    ) throws(MultiprocessingError) {
        usualTerms = try PoolFrame(.task).limited(to: taskTimeout, attempts)
        link = try PoolLink(plan, start)
    }

    /// Makes a pool, passes it to `body`, and ends all its processes when `body` returns or throws.
    ///
    ///     let squares = try Pool.with(processes: 4) { (number: Int) in number * number } _: { pool in
    ///         try pool.map(0..<100)
    ///     }
    ///
    /// The corresponding Python API is `with multiprocessing.Pool(…) as pool`.
    public static func with<Result>(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil, attempts: Int = 3,
        workers: WorkerSettings = WorkerSettings(), _ function: @escaping (Input) throws -> Output,
        _ body: (Pool) throws -> Result
    ) throws -> Result {
        try with(
            processes: processes, maxTasksPerWorker: maxTasksPerWorker, taskTimeout: taskTimeout, attempts: attempts,
            workers: workers, initializer: {}, function, body)
    }

    /// Makes a pool with an initializer, passes it to `body`, and ends all its processes when `body` returns or throws.
    ///
    /// The corresponding Python API is `with multiprocessing.Pool(…, initializer) as pool`.
    public static func with<Result>(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil, attempts: Int = 3,
        workers: WorkerSettings = WorkerSettings(), initializer: @escaping () throws -> Void,
        _ function: @escaping (Input) throws -> Output,
        _ body: (Pool) throws -> Result
    ) throws -> Result {
        let pool = try Pool(
            processes: processes, maxTasksPerWorker: maxTasksPerWorker, taskTimeout: taskTimeout, attempts: attempts,
            workers: workers, initializer: initializer, function)
        defer { pool.terminate() }
        return try body(pool)
    }

    /// Makes a pool of a function that returns nothing, passes it to `body`, and ends all its processes when `body`
    /// returns or throws.
    ///
    /// The corresponding Python API is `with multiprocessing.Pool(…) as pool`.
    public static func with<Result>(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, taskTimeout: Duration? = nil, attempts: Int = 3,
        workers: WorkerSettings = WorkerSettings(), _ function: @escaping (Input) throws -> Void,
        _ body: (Pool) throws -> Result
    ) throws -> Result where Output == Nothing {
        try with(
            processes: processes, maxTasksPerWorker: maxTasksPerWorker, taskTimeout: taskTimeout, attempts: attempts,
            workers: workers, initializer: {},
            { input in
                try function(input)
                return Nothing()
            }, body)
    }

    // MARK: The end

    /// Accepts no more tasks; the workers exit when all submitted tasks are done.
    ///
    /// Does not block.
    ///
    /// - Parameter cancelWaiting: whether to end tasks that no worker has started, as `cancelled`.
    ///
    /// The corresponding Python API is `multiprocessing.Pool.close`, or
    /// `concurrent.futures.ProcessPoolExecutor.shutdown(cancel_futures=True)`.
    public func close(cancelWaiting: Bool = false) {
        link.close(cancelWaiting: cancelWaiting)
    }

    /// Waits until all tasks are done and all processes have ended.
    ///
    /// Call `close()` or `terminate()` first. Afterwards each `AsyncResult` is ready, and its callback has run.
    ///
    /// Throws `invalidState` if neither was called, `managerDied`, `initializerFailed`.
    /// The corresponding Python API is `multiprocessing.Pool.join`.
    public func join() throws(MultiprocessingError) {
        try link.requireClosed()
        while try !link.hasEnded { try link.receive(until: Deadline(after: nil)) }
    }

    /// Ends all processes of the pool at once and waits until they have ended; unfinished tasks are lost.
    ///
    /// An `AsyncResult` that is not ready then fails with `cancelled`, and its error callback runs. Does nothing if the
    /// pool has already ended. The corresponding Python API is `multiprocessing.Pool.terminate`, with `join`.
    public func terminate() {
        link.terminate()
    }

    // MARK: Status

    /// The current state of the pool and its tasks.
    ///
    /// Asks the pool manager, and blocks until it has answered: some 100 microseconds. Processes what has arrived.
    ///
    /// Throws `managerDied` or `initializerFailed` when the pool has failed.
    public func status() throws(MultiprocessingError) -> PoolStatus {
        try link.status()
    }

    /// The pool manager's process ID.
    public var managerPID: Int32 {
        link.managerPID
    }
}

extension Pool: Waitable {
    /// Ready when a result can be received, or the pool has failed.
    public var waitState: WaitState {
        completions.isEmpty ? link.waitState : .ready
    }
}

extension Pool: CustomStringConvertible {
    /// The types, the number of workers, and the pool's state; sends no request.
    public var description: String {
        "Pool<\(Input.self), \(Output.self)> of \(link.workerCount) workers, manager \(managerPID), \(link.stateName)"
    }
}
