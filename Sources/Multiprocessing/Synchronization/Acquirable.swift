/// Whether a lock was released by its last holder.
///
/// Python has no counterpart: there a lock whose holder was killed stays locked forever.
public enum Acquisition: Sendable {
    /// The lock was free, or its holder released it.
    case acquired
    /// The last holder was killed, ended, or dropped the lock without releasing it: the protected data may be half
    /// changed.
    case recovered
}

/// An object that one thread can hold while others wait: a `Lock`, an `RLock`, a `Condition`'s lock.
///
/// The corresponding Python concept is a lock as a context manager.
public protocol Acquirable: AnyObject {
    /// Waits until the calling thread holds the lock, and returns whether its last holder had released it.
    @available(*, noasync, message: "a task may resume on another thread; use withLock")
    @discardableResult
    func acquire() throws(MultiprocessingError) -> Acquisition

    /// Waits for the lock for at most `timeout`; nil on a timeout.
    @available(*, noasync, message: "a task may resume on another thread; use withLock")
    func acquire(timeout: Duration?) throws(MultiprocessingError) -> Acquisition?

    /// Releases the lock.
    @available(*, noasync, message: "a task may resume on another thread; use withLock")
    func release() throws(MultiprocessingError)
}

// There are two versions of each form: with a body that throws nothing or only the library's error, the call's error is
// typed; the compiler uses the other version for every other body.
extension Acquirable {
    /// Runs the body with the lock held, and releases it even if the body throws.
    ///
    /// Blocks until the lock is free.
    ///
    /// Rethrows the body's error, and throws as `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        try withLock { (_: Acquisition) throws(MultiprocessingError) -> Result in try body() }
    }

    /// Runs the body with the lock held, and releases it even if the body throws.
    ///
    /// Blocks until the lock is free.
    ///
    /// Rethrows the body's error, and throws as `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(_ body: () throws -> Result) throws -> Result {
        try withLock { (_: Acquisition) throws -> Result in try body() }
    }

    /// Runs the body with the lock held, and tells it whether the last holder had released the lock.
    ///
    /// A body that gets `recovered` should first repair what the last holder left half done. Blocks until the lock is
    /// free. The lock is released even if the body throws.
    ///
    /// Rethrows the body's error, and throws as `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(
        _ body: (Acquisition) throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        let acquisition = try acquire()
        return try giveBack(release) { () throws(MultiprocessingError) in try body(acquisition) }
    }

    /// Runs the body with the lock held, and tells it whether the last holder had released the lock.
    ///
    /// A body that gets `recovered` should first repair what the last holder left half done. Blocks until the lock is
    /// free. The lock is released even if the body throws.
    ///
    /// Rethrows the body's error, and throws as `acquire()` and `release()` do: `invalidState` when the calling thread
    /// holds a `Lock` already, or when the body has released it. The corresponding Python API is `with lock:`.
    @inlinable
    public func withLock<Result>(_ body: (Acquisition) throws -> Result) throws -> Result {
        let acquisition = try acquire()
        return try giveBack(release) { try body(acquisition) }
    }
}

/// Runs the body and then the release, even if the body throws; the body's own error takes precedence.
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
