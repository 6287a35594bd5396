/// What a `Lock`, an `RLock` and a `Condition` have in common: each belongs to the thread that has acquired it.
///
/// What becomes of it when its holder is killed is told at `Lock`.
public class OwnedLock: Acquirable, CustomStringConvertible, @unchecked Sendable {
    final let core: LockCore

    init(core: LockCore) {
        self.core = core
    }

    /// Acquires the lock, and says whether the last holder had released it.
    ///
    /// Blocks until it is free; not when the calling thread holds a recursive one already.
    ///
    /// Throws `invalidState` when the calling thread holds a lock already that is not recursive. The corresponding Python
    /// API is `multiprocessing.Lock.acquire`.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    @discardableResult
    public final func acquire() throws(MultiprocessingError) -> Acquisition {
        try core.acquire()
    }

    /// Acquires the lock within `timeout`; `nil` waits for ever, zero not at all.
    ///
    /// Blocks until the lock is free or the time is over, and then returns nil.
    ///
    /// Throws as `acquire()`. The corresponding Python API is `multiprocessing.Lock.acquire`.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    public final func acquire(timeout: Duration?) throws(MultiprocessingError) -> Acquisition? {
        try core.acquire(timeout: timeout)
    }

    /// Undoes the last `acquire` of the calling thread.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` when the calling thread does not hold it; in Python any process may release a `Lock`.
    /// The corresponding Python API is `multiprocessing.Lock.release`.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    public final func release() throws(MultiprocessingError) {
        try core.release()
    }

    /// Whether the calling thread holds the lock and was told, or after a `Condition.wait` would have been told, that it is
    /// `recovered`.
    ///
    /// Does not block.
    public final var isRecovered: Bool {
        core.isRecovered
    }

    /// What it is, and which thread has it, a moment ago: `Lock(held by thread 123)`.
    ///
    /// Does not block. The number of a process's first thread is that of the process. The corresponding Python API is
    /// `repr(lock)`, which has the owner's name.
    public var description: String {
        "\(type(of: self))(\(core.holder))"
    }
}
