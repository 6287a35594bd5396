/// The output of `Pool.applyAsync`, or the outputs of `Pool.mapAsync`, once they are there.
///
/// It may be asked in any order with others, after `close()` and `join()` too, or never: its callbacks run all the same.
/// Use it from the pool's thread. As long as it is held, the pool's processes live.
///
/// The corresponding Python API is `multiprocessing.pool.AsyncResult`.
public final class AsyncResult<Output> {
    let link: PoolLink
    private let pending: PendingResult<Output>

    init(_ link: PoolLink, _ pending: PendingResult<Output>) {
        self.link = link
        self.pending = pending
    }

    /// The output, once it is there.
    ///
    /// Blocks for at most `timeout`; `nil` waits for ever.
    ///
    /// Throws `timedOut` when the time is over first: the task goes on, and the output can be asked for again. Throws
    /// the task's error, where there is no output: `taskFailed`, `workerDied`, `taskTimedOut`, `cancelled`,
    /// `decodingFailed`; and `managerDied` or `initializerFailed` when the pool has failed.
    /// The corresponding Python API is `multiprocessing.pool.AsyncResult.get`.
    public func get(timeout: Duration? = nil) throws(MultiprocessingError) -> Output {
        if try wait(timeout: timeout), let result = pending.result {
            return try result.get()
        }
        throw MultiprocessingError(.timedOut, "there is no result after \(timeout ?? .zero)")
    }

    /// Waits until there is an output or an error; false when the time was over first.
    ///
    /// Blocks for at most `timeout`; `nil` waits for ever.
    ///
    /// Throws `invalidState` in another process than the pool's, if the result was not there when that was forked. The
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
                // A pool that fails gives all its tasks that error, and so this one its result.
                if pending.result != nil { break }
                throw error
            }
            if !hasReceived || deadline.hasPassed { break }
        }
        return pending.result != nil
    }

    /// Whether there is an output or an error.
    ///
    /// Does not block: takes in what has arrived.
    ///
    /// The corresponding Python API is `multiprocessing.pool.AsyncResult.ready`.
    public var ready: Bool {
        while pending.result == nil {
            guard let hasReceived = try? link.receive(until: Deadline(after: .zero)), hasReceived else { break }
        }
        return pending.result != nil
    }

    /// Whether there is an output, not an error.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` when it is not `ready`. The corresponding Python API is
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

    /// Whether it has ended without an output because its tasks were cancelled, or the pool was terminated.
    ///
    /// Does not block. The corresponding Python API is `concurrent.futures.Future.cancelled`.
    public var cancelled: Bool {
        guard ready, case .failure(let error) = pending.result else { return false }
        return error.code == .cancelled
    }

    /// Whether a worker is at one of its tasks.
    ///
    /// Asks the pool manager, and blocks until it has answered: some 100 microseconds.
    ///
    /// Throws `managerDied` or `initializerFailed` when the pool has failed. The corresponding Python API is
    /// `concurrent.futures.Future.running`, which is true for tasks too that are about to be sent to a worker.
    public var running: Bool {
        get throws(MultiprocessingError) {
            guard pending.result == nil else { return false }
            let workers = try link.status().workers
            return pending.result == nil && workers.contains { $0.task.map(pending.tasks.contains) ?? false }
        }
    }

    /// Has a function called with the result when it is there, or at once where it is.
    ///
    /// It runs as the callbacks of `Pool.applyAsync` do. The corresponding Python API is
    /// `concurrent.futures.Future.add_done_callback`.
    public func addDoneCallback(_ callback: @escaping (Result<Output, MultiprocessingError>) -> Void) {
        pending.add(callback)
    }

    /// Ends its tasks that have no result yet.
    ///
    /// Does not block: `get` tells what became of them, `cancelled` or what it was before.
    ///
    /// A task that waits is taken out. One that runs is ended with its worker, by `SIGKILL`; what else that worker held
    /// goes to others. Python has nothing like it.
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

    /// Takes in what has arrived, which may be another task's.
    public func confirmReady() -> Bool {
        ready
    }
}

extension AsyncResult: CustomStringConvertible {
    /// The type of the output, and whether it is there; asks nobody.
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
