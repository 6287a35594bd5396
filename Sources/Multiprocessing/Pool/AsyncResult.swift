/// The future output of `Pool.applyAsync`, or the future outputs of `Pool.mapAsync`.
///
/// Results may be requested in any order, even after `close()` and `join()`, or never: the callbacks run in any case.
/// Use it from the pool's thread. The pool's processes live as long as it is held.
///
/// The corresponding Python API is `multiprocessing.pool.AsyncResult`.
public final class AsyncResult<Output> {
    let link: PoolLink
    private let pending: PendingResult<Output>

    init(_ link: PoolLink, _ pending: PendingResult<Output>) {
        self.link = link
        self.pending = pending
    }

    /// Waits for the output and returns it.
    ///
    /// Blocks for at most `timeout`; `nil` waits forever.
    ///
    /// Throws `timedOut` on a timeout: the task continues, and the output can be requested again. Throws the task's
    /// error if there is no output: `taskFailed`, `workerDied`, `taskTimedOut`, `cancelled`, `decodingFailed`; and
    /// `managerDied` or `initializerFailed` when the pool has failed. The corresponding Python API is
    /// `multiprocessing.pool.AsyncResult.get`.
    public func get(timeout: Duration? = nil) throws(MultiprocessingError) -> Output {
        if try wait(timeout: timeout), let result = pending.result {
            return try result.get()
        }
        throw MultiprocessingError(.timedOut, "no result after \(timeout ?? .zero)")
    }

    /// Waits until there is an output or an error; returns false on a timeout.
    ///
    /// Blocks for at most `timeout`; `nil` waits forever.
    ///
    /// Throws `invalidState` in a process other than the pool's, if the result was not there when that was forked. The
    /// corresponding Python API is `multiprocessing.pool.AsyncResult.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(until: Deadline(after: timeout))
    }

    func wait(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        while pending.result == nil {
            let hasReceived: Bool
            do throws(MultiprocessingError) {
                hasReceived = try link.receive(until: deadline)
            } catch {
                // A pool that fails gives that error to all its tasks, so this one has its result.
                if pending.result != nil { break }
                throw error
            }
            if !hasReceived || deadline.hasPassed { break }
        }
        return pending.result != nil
    }

    /// Whether there is an output or an error.
    ///
    /// Does not block: processes what has arrived.
    ///
    /// The corresponding Python API is `multiprocessing.pool.AsyncResult.ready`.
    public var ready: Bool {
        while pending.result == nil {
            guard let hasReceived = try? link.receive(until: Deadline(after: .zero)), hasReceived else { break }
        }
        return pending.result != nil
    }

    /// Whether there is an output rather than an error.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` if it is not `ready`. The corresponding Python API is
    /// `multiprocessing.pool.AsyncResult.successful`, which raises `ValueError` then.
    public var successful: Bool {
        get throws(MultiprocessingError) {
            guard ready, case .some(let result) = pending.result else {
                throw MultiprocessingError(.invalidState, "there is no result yet")
            }
            if case .success = result { return true }
            return false
        }
    }

    /// Whether it ended without an output because its tasks were cancelled or the pool was terminated.
    ///
    /// Does not block. The corresponding Python API is `concurrent.futures.Future.cancelled`.
    public var cancelled: Bool {
        guard ready, case .failure(let error) = pending.result else { return false }
        return error.code == .cancelled
    }

    /// Whether a worker is processing one of its tasks.
    ///
    /// Asks the pool manager, and blocks until it has answered: some 100 microseconds.
    ///
    /// Throws `managerDied` or `initializerFailed` when the pool has failed. The corresponding Python API is
    /// `concurrent.futures.Future.running`, which is also true for tasks that are about to be sent to a worker.
    public var running: Bool {
        get throws(MultiprocessingError) {
            guard pending.result == nil else { return false }
            let workers = try link.status().workers
            return pending.result == nil && workers.contains { $0.task.map(pending.tasks.contains) ?? false }
        }
    }

    /// Adds a function that is called with the result when it is there, or at once if it already is.
    ///
    /// It runs as the callbacks of `Pool.applyAsync` do. The corresponding Python API is
    /// `concurrent.futures.Future.add_done_callback`.
    public func addDoneCallback(_ callback: @escaping (Result<Output, MultiprocessingError>) -> Void) {
        pending.add(callback)
    }

    /// Ends its unfinished tasks.
    ///
    /// Does not block: `get` then reports the outcome, `cancelled` or an earlier result.
    ///
    /// A waiting task is removed. A running one is ended by `SIGKILL` with its worker; other tasks of that worker go to
    /// other workers. Python has no counterpart.
    public func cancel() {
        if pending.result == nil {
            link.cancel(pending.tasks)
        }
    }
}

extension AsyncResult: Waitable {
    /// Ready when there is an output or an error.
    public var waitState: WaitState {
        pending.result == nil ? link.waitState : .ready
    }

    /// Processes what has arrived, which may concern another task.
    public func confirmReady() -> Bool {
        ready
    }
}

extension AsyncResult: CustomStringConvertible {
    /// The type of the output, and its state; sends no request.
    public var description: String {
        let state =
            switch pending.result {
            case nil: "pending"
            case .success: "done"
            case .failure(let error): "\(error.code)"
            }
        return "AsyncResult<\(Output.self)>, \(state)"
    }
}
