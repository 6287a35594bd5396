/// How a lock was come by.
///
/// Python has no like: there a lock whose holder was killed stays locked for ever.
public enum Acquisition: Sendable {
    /// The lock was free, or its holder released it.
    case acquired
    /// The last holder was killed, ended, or dropped the lock without releasing it: what it protects may be half done.
    case recovered
}

/// What a thread can hold and others then wait for: a `Lock`, an `RLock`, a `Condition`'s lock.
///
/// The corresponding Python concept is a lock as a context manager.
public protocol Acquirable: AnyObject {
    /// Waits until the lock is the calling thread's, and says how it came by it.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    @discardableResult
    func acquire() throws(MultiprocessingError) -> Acquisition

    /// Waits for the lock at most for `timeout`; nil when the time is over first.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    func acquire(timeout: Duration?) throws(MultiprocessingError) -> Acquisition?

    /// Gives the lock back.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    func release() throws(MultiprocessingError)
}

// Each of the two forms stands here twice: a body that throws nothing, or nothing but the library's error, leaves the
// call's error typed; the compiler takes the other for every other body.
extension Acquirable {
    /// Runs the body with the lock held, and releases it also when the body throws.
    ///
    /// Blocks until the lock is free.
    ///
    /// Throws what the body throws, and what `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        try withLock { (_: Acquisition) throws(MultiprocessingError) -> Result in try body() }
    }

    /// Runs the body with the lock held, and releases it also when the body throws.
    ///
    /// Blocks until the lock is free.
    ///
    /// Throws what the body throws, and what `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(_ body: () throws -> Result) throws -> Result {
        try withLock { (_: Acquisition) throws -> Result in try body() }
    }

    /// Runs the body with the lock held, and tells it how the lock was come by: a body that is handed `recovered` looks
    /// first after what the last holder left half done.
    ///
    /// Blocks until the lock is free. The lock is released also when the body throws.
    ///
    /// Throws what the body throws, and what `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(
        _ body: (Acquisition) throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        let acquisition = try acquire()
        return try giveBack(release) { () throws(MultiprocessingError) in try body(acquisition) }
    }

    /// Runs the body with the lock held, and tells it how the lock was come by: a body that is handed `recovered` looks
    /// first after what the last holder left half done.
    ///
    /// Blocks until the lock is free. The lock is released also when the body throws.
    ///
    /// Throws what the body throws, and what `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(_ body: (Acquisition) throws -> Result) throws -> Result {
        let acquisition = try acquire()
        return try giveBack(release) { try body(acquisition) }
    }
}

/// Runs the body and then what gives back what it had, also when the body throws: its own error is the one to tell.
@inlinable
func giveBack<Result, Failure: Error>(
    _ release: () throws(Failure) -> Void, after body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let result: Result
    do {
        result = try body()
    } catch {
        try? release()
        throw error
    }
    try release()
    return result
}
