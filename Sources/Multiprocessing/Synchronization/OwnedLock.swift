/// The common part of `Lock`, `RLock` and `Condition`: each belongs to the thread that has acquired it.
///
/// See `Lock` for what happens if its holder is killed.
public class OwnedLock: Acquirable, CustomStringConvertible, @unchecked Sendable {
    final let core: LockCore

    init(core: LockCore) {
        self.core = core
    }

    /// Acquires the lock, and returns whether the last holder had released it.
    ///
    /// Blocks until it is free, unless the calling thread already holds a recursive lock.
    ///
    /// Throws `invalidState` if the calling thread already holds a lock that is not recursive. The corresponding Python
    /// API is `multiprocessing.Lock.acquire`.
    @available(*, noasync, message: "a task may resume on another thread; use withLock")
    @discardableResult
    public final func acquire() throws(MultiprocessingError) -> Acquisition {
        try core.acquire()
    }

    /// Acquires the lock within `timeout`; `nil` waits forever, zero does not wait.
    ///
    /// Blocks until the lock is free, or returns nil on a timeout.
    ///
    /// Throws as `acquire()` does. The corresponding Python API is `multiprocessing.Lock.acquire`.
    @available(*, noasync, message: "a task may resume on another thread; use withLock")
    public final func acquire(timeout: Duration?) throws(MultiprocessingError) -> Acquisition? {
        try core.acquire(timeout: timeout)
    }

    /// Undoes the last `acquire` of the calling thread.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` if the calling thread does not hold it; in Python any process may release a `Lock`.
    /// The corresponding Python API is `multiprocessing.Lock.release`.
    @available(*, noasync, message: "a task may resume on another thread; use withLock")
    public final func release() throws(MultiprocessingError) {
        try core.release()
    }

    /// Whether the calling thread holds the lock and was told that it is `recovered`, or would have been told after a
    /// `Condition.wait`.
    ///
    /// Does not block.
    public final var isRecovered: Bool {
        core.isRecovered
    }

    /// Its type, and the thread that holds it: `Lock(held by thread 123)`.
    ///
    /// Does not block. The ID of a process's first thread is the pid. The corresponding Python API is `repr(lock)`,
    /// which shows the owner's name.
    public var description: String {
        "\(type(of: self))(\(core.holder))"
    }
}
