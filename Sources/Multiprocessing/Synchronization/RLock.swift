/// A lock that processes share and that its holder may acquire again.
///
/// Others get it once it has been released as often as it was acquired. Like `Lock` it belongs to a thread and survives
/// its holder, see there; how often a holder had acquired it dies with the holder.
///
/// The corresponding Python API is `multiprocessing.RLock`.
public final class RLock: Acquirable, Codable, Sendable {
    let core: LockCore

    init(core: LockCore) {
        self.core = core
    }

    /// Makes a lock that nobody holds.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public init() throws(MultiprocessingError) {
        core = try LockCore(makingIn: SharedMapping(.rLock, byteCount: LockCore.byteCount), isRecursive: true)
    }

    /// Takes the lock out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        let mapping = try SharedMapping.received(
            SharedObject.recursiveLocks, byteCount: LockCore.byteCount, from: decoder)
        core = LockCore(in: mapping, isRecursive: true)
    }

    /// Attaches the lock to the message that is being sent.
    public func encode(to encoder: any Encoder) throws {
        try core.mapping.encode(to: encoder)
    }

    /// Acquires the lock, and says whether the last holder had released it.
    ///
    /// Blocks until it is free; not when the calling thread holds it already.
    ///
    /// Throws only where the kernel refuses. The corresponding Python API is `multiprocessing.RLock.acquire`.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    @discardableResult
    public func acquire() throws(MultiprocessingError) -> Acquisition {
        try core.acquire()
    }

    /// Acquires the lock within `timeout`; `nil` waits for ever, zero not at all.
    ///
    /// Blocks until the lock is free or the time is over, and then returns nil.
    ///
    /// Throws only where the kernel refuses. The corresponding Python API is `multiprocessing.RLock.acquire`.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    public func acquire(timeout: Duration?) throws(MultiprocessingError) -> Acquisition? {
        try core.acquire(timeout: timeout)
    }

    /// Undoes the last `acquire` of the calling thread.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` when the calling thread does not hold the lock, as in Python. The corresponding Python API
    /// is `multiprocessing.RLock.release`.
    @available(*, noasync, message: "a task may go on in another thread; use withLock")
    public func release() throws(MultiprocessingError) {
        try core.release()
    }

    /// Whether the calling thread holds the lock and was told that it is `recovered`.
    ///
    /// For code that did not acquire the lock itself, as after `Condition.wait`. Does not block.
    public var isRecovered: Bool {
        core.isRecovered
    }
}
