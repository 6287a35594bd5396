/// Worker processes that all run one function, for programs that wait with `await`.
///
///     let pool = try AsyncPool(Resize(width: 640))
///     let thumbnails = try await pool.map(photos)
///     for try await thumbnail in pool.imapUnordered(photos) { … }
///
/// Any number of tasks may use it at once; they share the workers. No thread of Swift's cooperative pool is ever
/// blocked: one thread of the pool's own, which starts with the first call, receives what the workers send. When a
/// waiting task is cancelled, its requests are cancelled too: workers that are running them are killed and replaced
/// within milliseconds, and the call throws `cancelled`.
///
/// Its processes end when the pool and everything that waits for it are gone, or by `terminate`. See `Pool` for what
/// happens to tasks whose worker dies.
///
/// The corresponding Python API is `concurrent.futures.ProcessPoolExecutor` with `asyncio`.
public final class AsyncPool<Input: Codable & Sendable, Output: Codable & Sendable>: Sendable {
    let thread: ServerThread<PoolPost<Input, Output>>

    /// Takes ownership of a pool, for example one that was forked before there were threads.
    ///
    /// Throws `systemCallFailed` if no descriptor is left.
    public init(_ pool: sending Pool<Input, Output>) throws(MultiprocessingError) {
        // From here on only the thread uses it.
        nonisolated(unsafe) let pool = pool
        thread = try ServerThread { $0.serve(ServedRuns(pool)) }
    }

    /// Starts the pool manager by the given method; the pool manager forks the workers.
    ///
    /// Blocks until the pool manager has started, some milliseconds.
    ///
    /// - Parameters:
    ///   - startMethod: how the pool manager is started. A process that has threads needs `spawn` or `forkserver`; the
    ///     default works with and without threads.
    ///   - processes: the number of workers, at least 1; the default is `processCPUCount()`.
    ///   - maxTasksPerWorker: replace a worker after this many tasks, for example if it leaks memory; nil for never.
    ///   - taskTimeout: how long a task may run, from when a worker starts it; nil for no limit.
    ///   - attempts: how many workers may start a task before it fails with `workerDied`; 1 for tasks that must not run
    ///     twice.
    ///   - workers: other settings that the workers start with.
    ///   - function: is sent to the pool manager, and copied to each worker.
    ///
    /// Throws as `Pool` does. The corresponding Python API is `concurrent.futures.ProcessPoolExecutor(max_workers,
    /// mp_context, max_tasks_per_child)`.
    public convenience init<Function: PoolFunction & Codable>(
        startMethod: StartMethod = .automatic, processes: Int? = nil, maxTasksPerWorker: Int? = nil,
        taskTimeout: Duration? = nil, attempts: Int = 3, workers: WorkerSettings = WorkerSettings(),
        _ function: Function
    ) throws(MultiprocessingError) where Function.Input == Input, Function.Output == Output {
        nonisolated(unsafe) let pool = try Pool(
            startMethod: startMethod, processes: processes, maxTasksPerWorker: maxTasksPerWorker,
            taskTimeout: taskTimeout, attempts: attempts, workers: workers, function)
        try self.init(pool)
    }

    deinit {
        try? thread.post(.stop {}, begins: false)
    }

    /// Runs the function for one input and returns its output.
    ///
    /// - Parameters:
    ///   - input: the argument of the function.
    ///   - timeout: how long the task may run, from when a worker starts it; nil for the pool's `taskTimeout`.
    ///   - attempts: how many workers may start it; nil for the pool's `attempts`.
    ///   - isolation: the actor that the caller runs on.
    ///
    /// Throws the task's error, `taskFailed`, `workerDied`, `taskTimedOut`, `encodingFailed` or `decodingFailed`;
    /// `cancelled` if the calling task is cancelled or the pool was terminated; `managerDied` or `initializerFailed`
    /// when the pool has failed. The corresponding Python API is `await loop.run_in_executor(pool, function, input)`.
    public func apply(
        _ input: Input, timeout: Duration? = nil, attempts: Int? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(MultiprocessingError) -> Output {
        let results = imap(CollectionOfOne(input), timeout: timeout, attempts: attempts).makeAsyncIterator()
        guard let output = try await results.next(isolation: isolation) else {
            throw MultiprocessingError(.cancelled, "the task that waits for the pool was cancelled")
        }
        return output
    }

    /// Submits one input, and returns a task for its output.
    ///
    ///     let pool = try AsyncPool(Resize(width: 640))
    ///     let thumbnail = pool.applyAsync(photo)
    ///     …
    ///     show(try await thumbnail.value)
    ///
    /// Cancelling that task ends its work in the pool; discarding the task does not.
    ///
    /// - Parameters:
    ///   - input: the argument of the function.
    ///   - timeout: as for `apply`.
    ///   - attempts: as for `apply`.
    ///
    /// The task throws as `apply`. The corresponding Python API is `ProcessPoolExecutor.submit`.
    @discardableResult
    public func applyAsync(
        _ input: Input, timeout: Duration? = nil, attempts: Int? = nil
    ) -> Task<Output, any Error> {
        Task { try await apply(input, timeout: timeout, attempts: attempts) }
    }

    /// Runs the function for each input; the outputs are in the order of the inputs.
    ///
    /// - Parameters:
    ///   - inputs: the arguments of the function, one for each call.
    ///   - chunkSize: how many consecutive inputs are sent to a worker together; nil to choose this by how long they
    ///     take.
    ///   - isolation: the actor that the caller runs on.
    ///
    /// Throws the error of the first input, in order, that failed, and ends the work for the others; the error's `task`
    /// is the input's position. Otherwise throws as `apply` does. The corresponding Python API is
    /// `ProcessPoolExecutor.map`.
    @discardableResult
    public func map<Inputs: Sequence & Sendable>(
        _ inputs: Inputs, chunkSize: Int? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws(MultiprocessingError) -> [Output] where Inputs.Element == Input {
        let results = imap(inputs, chunkSize: chunkSize).makeAsyncIterator()
        var outputs: [Output] = []
        outputs.reserveCapacity(inputs.underestimatedCount)
        while let output = try await results.next(isolation: isolation) { outputs.append(output) }
        return outputs
    }

    /// Runs the function for each input, and returns an output or an error for each, in the order of the inputs.
    ///
    /// - Parameters:
    ///   - inputs: the arguments of the function, one for each call.
    ///   - chunkSize: as for `map`.
    ///   - isolation: the actor that the caller runs on.
    ///
    /// An input's error is its result. Throws only errors that concern all inputs: `cancelled` if the calling task is
    /// cancelled or the pool was terminated, `managerDied` or `initializerFailed` when the pool has failed.
    public func mapResults<Inputs: Sequence & Sendable>(
        _ inputs: Inputs, chunkSize: Int? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws(MultiprocessingError) -> [Result<Output, MultiprocessingError>] where Inputs.Element == Input {
        let iterator = imap(inputs, chunkSize: chunkSize).makeAsyncIterator()
        var results: [Result<Output, MultiprocessingError>] = []
        results.reserveCapacity(inputs.underestimatedCount)
        while true {
            do throws(MultiprocessingError) {
                guard let output = try await iterator.next(isolation: isolation) else { return results }
                results.append(.success(output))
            } catch {
                // An error without a position is an error of the pool.
                guard error.task != nil else { throw error }
                results.append(.failure(error))
            }
        }
    }

    /// Returns the outputs one by one in the order of the inputs, each as soon as all before it are there.
    ///
    /// Each iteration is a run of its own, which starts with the first `next` and is cancelled when its iterator is
    /// released. Inputs are requested as workers become free, in the pool's own thread.
    ///
    /// - Parameters:
    ///   - inputs: the arguments of the function, one for each call.
    ///   - chunkSize: as for `map`.
    ///   - inFlight: how many inputs may be running or waiting to be taken, at least one; the default is some hundreds
    ///     for each worker.
    ///   - timeout: how long each task may run, from when a worker starts it; nil for the pool's `taskTimeout`.
    ///   - attempts: how many workers may start each task; nil for the pool's `attempts`.
    ///
    /// The corresponding Python API is `multiprocessing.Pool.imap`.
    public func imap<Inputs: Sequence & Sendable>(
        _ inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil, attempts: Int? = nil
    ) -> AsyncPoolResults<Input, Output> where Inputs.Element == Input {
        results(of: inputs, isOrdered: true, chunkSize, inFlight, timeout, attempts)
    }

    /// Returns the outputs one by one, each as soon as it is there.
    ///
    /// The parameters are those of `imap`. The corresponding Python API is `multiprocessing.Pool.imap_unordered`.
    public func imapUnordered<Inputs: Sequence & Sendable>(
        _ inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil, attempts: Int? = nil
    ) -> AsyncPoolResults<Input, Output> where Inputs.Element == Input {
        results(of: inputs, isOrdered: false, chunkSize, inFlight, timeout, attempts)
    }

    private func results<Inputs: Sequence & Sendable>(
        of inputs: Inputs, isOrdered: Bool, _ chunkSize: Int?, _ inFlight: Int?, _ timeout: Duration?, _ attempts: Int?
    ) -> AsyncPoolResults<Input, Output> where Inputs.Element == Input {
        AsyncPoolResults(pool: self) { pool in
            ServedResults(
                PoolResults(
                    pool: pool, inputs.makeIterator(), chunkSize: chunkSize, inFlight: inFlight, isOrdered: isOrdered,
                    isCancellable: true, timeout: timeout, attempts: attempts))
        }
    }

    /// The current state of the pool and its tasks.
    ///
    /// Throws `managerDied` or `initializerFailed` when the pool has failed, `cancelled` when it was terminated.
    public func status() async throws(MultiprocessingError) -> PoolStatus {
        let answer: Result<PoolStatus, MultiprocessingError> = await withCheckedContinuation { continuation in
            do throws(MultiprocessingError) {
                try thread.post(.inspect { continuation.resume(returning: $0) })
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try answer.get()
    }

    /// Ends all processes of the pool, and returns when they have ended.
    ///
    /// Running calls, and later ones, throw `cancelled`. The corresponding Python API is
    /// `ProcessPoolExecutor.terminate_workers`, with `shutdown`.
    public func terminate() async {
        await withCheckedContinuation { continuation in
            do throws(MultiprocessingError) {
                try thread.post(.stop { continuation.resume() })
            } catch {
                continuation.resume()
            }
        }
    }
}

/// The results of a run, as they arrive; see `AsyncPool.imap`.
public struct AsyncPoolResults<Input: Codable & Sendable, Output: Codable & Sendable>: AsyncSequence, Sendable {
    let pool: AsyncPool<Input, Output>
    let begin: @Sendable (Pool<Input, Output>) -> any ServedRun<Output>

    /// Makes an iterator; the run starts with its first `next`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pool, begin)
    }

    /// One run.
    public final class Iterator: AsyncIteratorProtocol {
        // Keeps the pool's processes alive.
        private let pool: AsyncPool<Input, Output>
        private let begin: @Sendable (Pool<Input, Output>) -> any ServedRun<Output>
        private let key: UInt64
        /// Results that have arrived and were not taken, the next one last.
        private var ready: [Result<Output, MultiprocessingError>] = []

        init(
            _ pool: AsyncPool<Input, Output>,
            _ begin: @escaping @Sendable (Pool<Input, Output>) -> any ServedRun<Output>
        ) {
            (self.pool, self.begin) = (pool, begin)
            key = pool.thread.freshKey()
        }

        deinit {
            try? pool.thread.post(.forget(key), begins: false)
        }

        /// The next output, or nil when there are no more.
        ///
        /// Throws the error of that input; the later ones continue and can still be taken. Otherwise throws as
        /// `AsyncPool.apply`.
        public func next() async throws(MultiprocessingError) -> Output? {
            try await next(isolation: nil)
        }

        /// The next output, or nil when there are no more.
        ///
        /// Throws the error of that input; the later ones continue and can still be taken. Otherwise throws as
        /// `AsyncPool.apply`.
        public func next(isolation actor: isolated (any Actor)?) async throws(MultiprocessingError) -> Output? {
            if let next = ready.popLast() { return try next.get() }
            let (thread, key, begin) = (pool.thread, key, begin)
            // After `onCancel` a request is refused and a waiting one is answered, whichever comes first.
            let answer: PoolAnswer<Output> = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    do throws(MultiprocessingError) {
                        try thread.post(.request(key, begin) { continuation.resume(returning: $0) })
                    } catch {
                        continuation.resume(returning: [.failure(error)])
                    }
                }
            } onCancel: {
                try? thread.post(.cancel(key))
            }
            ready = answer?.reversed() ?? []
            return try ready.popLast()?.get()
        }
    }
}
