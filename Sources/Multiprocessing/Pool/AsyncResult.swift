/// The output of `Pool.applyAsync`, or the outputs of `Pool.mapAsync`, once they are there.
///
/// It may be asked in any order with others, after `close()` and `join()` too, or never: its callbacks run all the same.
/// Use it from the pool's thread. As long as it is held, the pool's processes live.
///
/// The corresponding Python API is `multiprocessing.pool.AsyncResult`.
public final class AsyncResult<Output> {
    private let link: PoolLink
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
        let deadline = Deadline(after: timeout)
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
