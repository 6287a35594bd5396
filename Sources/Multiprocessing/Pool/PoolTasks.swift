/// Methods for single tasks.
extension Pool {
    /// The outcome of one task.
    public struct Completion {
        /// The number that `submit` returned.
        public let task: UInt64
        /// The output, or the error: `taskFailed`, `workerDied`, `taskTimedOut`, `cancelled`, `decodingFailed`.
        public let result: Result<Output, MultiprocessingError>
        /// The pid of the process that ran it; 0 if it was cancelled before any did.
        public let worker: Int32
        /// How many workers began it: 1 unless some died.
        public let attempts: Int
        /// When it began, on the monotonic clock that all processes of a machine share; 0 if it has no result.
        public let startedNanoseconds: UInt64
        /// How long it ran.
        public let duration: Duration
    }

    /// Receives the answers to the tasks of `submit`.
    final class Completions: TaskReceiver {
        private let coder = MessageCoder<Output>.codable()
        private var arrived = TaskQueue<Completion>()
        /// How many have not arrived.
        private(set) var missing = 0

        var isEmpty: Bool {
            arrived.isEmpty
        }

        func expect() {
            missing += 1
        }

        func next() -> Completion? {
            arrived.next()
        }

        override func receive(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, at position: Int) -> Bool {
            missing -= 1
            arrived.append(
                Completion(
                    task: frame.task, result: frame.outcome(payload, coder), worker: frame.worker,
                    attempts: Int(frame.attempts), startedNanoseconds: frame.startedNanoseconds,
                    duration: .nanoseconds(Int64(clamping: frame.durationNanoseconds))))
            return false
        }
    }

    /// Runs the function for one input and returns its output.
    ///
    /// Blocks until it is done.
    ///
    /// Throws the task's error; `encodingFailed`, `invalidState` after `close()`, and `managerDied` or
    /// `initializerFailed` when the pool has failed. The corresponding Python API is `multiprocessing.Pool.apply`.
    public func apply(_ input: Input) throws(MultiprocessingError) -> Output {
        try applyAsync(input).get()
    }

    /// Submits one task and returns a handle for its output.
    ///
    /// Does not block.
    ///
    /// - Parameters:
    ///   - input: the argument of the function.
    ///   - timeout: how long the task may run, from when a worker starts it; nil for the pool's `taskTimeout`.
    ///   - attempts: how many workers may start it; nil for the pool's `attempts`.
    ///   - callback: called with the output when it is there.
    ///   - errorCallback: called with the error if there is one instead of an output.
    ///
    /// One of the callbacks runs, once, while the pool's thread is in a method of the pool or of an `AsyncResult`; it
    /// may use the pool. None runs if the pool is released without `join()` or `terminate()`.
    ///
    /// Throws `encodingFailed`; `invalidState` after `close()`, or for a timeout or a number that is not positive; and
    /// `managerDied` or `initializerFailed` when the pool has failed. The corresponding Python API is
    /// `multiprocessing.Pool.apply_async`.
    public func applyAsync(
        _ input: Input, timeout: Duration? = nil, attempts: Int? = nil, callback: ((Output) -> Void)? = nil,
        errorCallback: ((MultiprocessingError) -> Void)? = nil
    ) throws(MultiprocessingError) -> AsyncResult<Output> {
        let pending = SingleResult(outputCoder, callback, errorCallback)
        let task = try link.submit(terms(timeout, attempts), input, inputCoder, to: pending)
        pending.tasks = task..<task + 1
        link.send()
        return AsyncResult(link, pending)
    }

    /// Submits one task and returns its number; numbers start at 1.
    ///
    /// Does not block.
    ///
    /// - Parameters:
    ///   - input: the argument of the function.
    ///   - timeout: how long the task may run, from when a worker starts it; nil for the pool's `taskTimeout`.
    ///   - attempts: how many workers may start it; nil for the pool's `attempts`.
    ///   - lane: 0 or more. The completions of the tasks in one lane come in the order of submission: an early one
    ///     waits in the pool's manager process, and does not wake this process. While 16 MiB of results wait there,
    ///     only tasks for which others wait are started. nil for a task whose completion comes when it ends.
    ///   - descriptors: files that the task uses, besides those in the input: the worker finds each by its
    ///     `SharedDescriptor.key`. At most 1,024 in all.
    ///   - mayWait: while workers have enough to do, the task may wait in this process to be sent together with others,
    ///     until `wait(for:timeout:)` or `nextCompletion(timeout:)` waits for the pool, or a task that may not wait is
    ///     submitted.
    ///
    /// `nextCompletion(timeout:)` returns the outcome. Throws `invalidState` for a negative lane, and otherwise as
    /// `applyAsync` does. The nearest Python API is `multiprocessing.Pool.apply_async`.
    @discardableResult
    public func submit(
        _ input: Input, timeout: Duration? = nil, attempts: Int? = nil, lane: Int? = nil,
        descriptors: [SharedDescriptor] = [],
        mayWait: Bool = false
    ) throws(MultiprocessingError) -> UInt64 {
        var terms = try terms(timeout, attempts)
        if let lane {
            guard lane >= 0 else {
                throw MultiprocessingError(.invalidState, "lane must not be negative (got \(lane))")
            }
            terms.lane = lane
        }
        let task = try link.submit(terms, input, inputCoder, using: descriptors, to: completions)
        completions.expect()
        if mayWait {
            link.sendIfNeeded()
        } else {
            link.send()
        }
        return task
    }

    /// The outcome of a task submitted by `submit`: those of a lane in order, others as they end.
    ///
    /// Blocks for at most `timeout`; `nil` waits forever.
    ///
    /// Returns nil on a timeout, or when no such task is unfinished. Throws `managerDied` or `initializerFailed` when
    /// the pool has failed.
    public func nextCompletion(timeout: Duration? = nil) throws(MultiprocessingError) -> Completion? {
        let deadline = Deadline(after: timeout)
        while true {
            if let completion = completions.next() {
                return completion
            }
            if completions.missing == 0 {
                // Nothing more will arrive, but the pool may have failed meanwhile.
                try link.receive(until: Deadline(after: .zero))
                return nil
            }
            if try !link.receive(until: deadline), deadline.hasPassed { return nil }
        }
    }

    /// Ends a task submitted by `submit`, unless it has a result.
    ///
    /// Does not block: `nextCompletion` then returns the outcome, `cancelled` or an earlier result.
    ///
    /// A waiting task is removed. A running one is ended by `SIGKILL` with its worker; other tasks of that worker go to
    /// other workers. Does nothing for a number that belongs to no task. Python has no counterpart.
    public func cancel(task: UInt64) {
        if task < .max {
            link.cancel(task..<task + 1)
        }
    }

    /// The header of a task, with the caller's settings, or else the pool's.
    func terms(
        _ timeout: Duration? = nil, _ attempts: Int? = nil, endsUnit: Bool = true
    ) throws(MultiprocessingError) -> PoolFrame {
        var frame = try usualTerms.limited(to: timeout, attempts)
        frame.endsUnit = endsUnit
        return frame
    }
}

extension PoolFrame {
    /// The same header, with the timeout and the number of attempts if they are given.
    func limited(to timeout: Duration?, _ attempts: Int?) throws(MultiprocessingError) -> PoolFrame {
        var frame = self
        if let timeout {
            guard timeout > .zero else {
                throw MultiprocessingError(.invalidState, "the timeout of a task must be positive (got \(timeout))")
            }
            frame.limitNanoseconds = max(1, timeout.boundedNanoseconds)
        }
        if let attempts {
            guard attempts > 0 else {
                throw MultiprocessingError(.invalidState, "attempts must be at least 1 (got \(attempts))")
            }
            frame.attemptLimit = UInt16(clamping: attempts)
        }
        return frame
    }
}
