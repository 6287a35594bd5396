/// What a `LockProxy`, an `RLockProxy` and a `ConditionProxy` have in common: the lock in a manager server.
///
/// All methods throw as `ManagerProxy` says.
public class OwnedLockProxy: ManagerProxy, @unchecked Sendable {
    /// Acquires the lock, at most for `timeout` waiting for it; `nil` waits for ever.
    ///
    /// Returns nil when the time was over first. The corresponding Python API is `multiprocessing.Lock.acquire`.
    @discardableResult
    public final func acquire(timeout: Duration? = nil) throws(MultiprocessingError) -> Acquisition? {
        try link.wait(.acquire, on: object, timeout) { status, _ throws(MultiprocessingError) in
            switch status {
            case .done: .acquired
            case .recovered: .recovered
            case .timedOut: nil
            default: throw MultiprocessingError.unexpected(status)
            }
        }
    }

    /// Releases the lock once.
    ///
    /// The corresponding Python API is `multiprocessing.Lock.release`.
    public final func release() throws(MultiprocessingError) {
        try perform(.release)
    }

    /// Runs `body` with the lock, and releases it when `body` returns or throws.
    ///
    /// `body` is told how the lock was acquired. The corresponding Python API is `with lock:`.
    public final func withLock<Result>(_ body: (Acquisition) throws -> Result) throws -> Result {
        let acquisition = try acquire() ?? .acquired
        return try giveBack({ try release() }, after: { try body(acquisition) })
    }
}

/// A lock in a manager server, for processes and threads.
///
/// It belongs to the process that has acquired it, and any thread of that may release it. When the process ends with
/// the lock, or drops its last proxy of the server, the next one gets it and is told so. Those who wait get it in the
/// order in which they came.
///
/// All methods throw as `ManagerProxy` says, `requestFailed` also where a thread acquires what it has, or a process
/// releases what it has not. The corresponding Python API is `multiprocessing.Manager().Lock()`, which anyone may
/// release, and which stays locked when its holder dies.
public final class LockProxy: OwnedLockProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .lock }

    /// Whether anyone has the lock, at this moment.
    ///
    /// The corresponding Python API is `threading.Lock.locked`.
    public var isLocked: Bool {
        get throws(MultiprocessingError) { try ask(.isHeld) }
    }
}

/// A lock in a manager server that a thread which has it may acquire again.
///
/// It belongs to a thread, and is free when it was released as often as acquired. For the rest it is as `LockProxy`.
/// The corresponding Python API is `multiprocessing.Manager().RLock()`.
public final class RLockProxy: OwnedLockProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .recursiveLock }

    /// Whether anyone has the lock, at this moment.
    ///
    /// The corresponding Python API is `threading.RLock.locked`.
    public var isLocked: Bool {
        get throws(MultiprocessingError) { try ask(.isHeld) }
    }
}

/// A place in a manager server where processes wait until others have changed something that a lock protects.
///
///     try ready.withLock { _ in try ready.wait(until: { try !jobs.values().isEmpty }) }
///
/// It has a recursive lock of its own, or one that it was made with. All methods throw as `ManagerProxy` says,
/// `requestFailed` also where the lock is not the caller's. The corresponding Python API is
/// `multiprocessing.Manager().Condition()`.
public final class ConditionProxy: OwnedLockProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .condition }

    /// Lets go of the lock, waits to be notified, at most for `timeout`, and takes the lock again; `nil` waits for
    /// ever.
    ///
    /// The time does not count for taking the lock again. Returns whether it was notified. Where the lock comes back
    /// from a process that has died with it, the next `acquire` says so. The corresponding Python API is
    /// `multiprocessing.Condition.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.wait, timeout)
    }

    /// Waits until a condition holds, which is asked with the lock, at first and whenever it is notified.
    ///
    /// Returns whether it held within `timeout`. The corresponding Python API is `multiprocessing.Condition.wait_for`.
    @discardableResult
    public func wait(timeout: Duration? = nil, until condition: () throws -> Bool) throws -> Bool {
        let deadline = Deadline(after: timeout)
        while try !condition() {
            let remaining = deadline.remainingNanoseconds.map { Duration.nanoseconds(Int64(clamping: $0)) }
            guard try wait(timeout: remaining) else { return try condition() }
        }
        return true
    }

    /// Wakes up to so many of those that wait; they go on when they get the lock.
    ///
    /// The corresponding Python API is `multiprocessing.Condition.notify`.
    public func notify(_ count: Int = 1) throws(MultiprocessingError) {
        try perform(.notify) { (arguments) throws(MultiprocessingError) in arguments.append(Int64(count)) }
    }

    /// Wakes all that wait.
    ///
    /// The corresponding Python API is `multiprocessing.Condition.notify_all`.
    public func notifyAll() throws(MultiprocessingError) {
        try notify(.max)
    }
}
