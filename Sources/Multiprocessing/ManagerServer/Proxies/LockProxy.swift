/// The common part of `LockProxy`, `RLockProxy` and `ConditionProxy`: the lock in a manager server.
///
/// All methods throw as `ManagerProxy` describes.
public class OwnedLockProxy: ManagerProxy, @unchecked Sendable {
    /// Acquires the lock, waiting for at most `timeout`; `nil` waits forever.
    ///
    /// Returns nil on a timeout. The corresponding Python API is `multiprocessing.Lock.acquire`.
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

    /// Runs `body` with the lock held, and releases it when `body` returns or throws.
    ///
    /// `body` is told whether the last holder had released it. The corresponding Python API is `with lock:`.
    public final func withLock<Result>(_ body: (Acquisition) throws -> Result) throws -> Result {
        let acquisition = try acquire() ?? .acquired
        return try giveBack({ try release() }, after: { try body(acquisition) })
    }
}

/// A lock in a manager server, for processes and threads.
///
/// It belongs to the process that has acquired it, and any thread of that process may release it. If the process ends
/// while holding the lock, or drops its last proxy of the server, the next process gets it and is told so. Waiters get
/// it in the order in which they came.
///
/// All methods throw as `ManagerProxy` describes; also `requestFailed` if a thread acquires a lock that it holds, or a
/// process releases one that it does not hold. The corresponding Python API is `multiprocessing.Manager().Lock()`,
/// which anyone may release, and which stays locked when its holder dies.
public final class LockProxy: OwnedLockProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .lock }

    /// Whether the lock is held at this moment.
    ///
    /// The corresponding Python API is `threading.Lock.locked`.
    public var isLocked: Bool {
        get throws(MultiprocessingError) { try ask(.isHeld) }
    }
}

/// A lock in a manager server that its holder may acquire again.
///
/// It belongs to a thread, and is free once it was released as often as acquired. Otherwise it is like `LockProxy`. The
/// corresponding Python API is `multiprocessing.Manager().RLock()`.
public final class RLockProxy: OwnedLockProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .recursiveLock }

    /// Whether the lock is held at this moment.
    ///
    /// The corresponding Python API is `threading.RLock.locked`.
    public var isLocked: Bool {
        get throws(MultiprocessingError) { try ask(.isHeld) }
    }
}

/// A condition in a manager server: processes wait until others have changed something that a lock protects.
///
///     try ready.withLock { _ in try ready.wait(until: { try !jobs.values().isEmpty }) }
///
/// It has its own recursive lock, or the one that it was made with. All methods throw as `ManagerProxy` describes; also
/// `requestFailed` if the caller does not hold the lock. The corresponding Python API is
/// `multiprocessing.Manager().Condition()`.
public final class ConditionProxy: OwnedLockProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .condition }

    /// Releases the lock, waits for a notification for at most `timeout`, and acquires the lock again; `nil` waits
    /// forever.
    ///
    /// The timeout does not cover acquiring the lock again. Returns whether it was notified. If the lock is then taken
    /// over from a process that died holding it, the next `acquire` says so. The corresponding Python API is
    /// `multiprocessing.Condition.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.wait, timeout)
    }

    /// Waits until a condition is true; it is evaluated with the lock held, at first and after each notification.
    ///
    /// Returns whether it was true within `timeout`. The corresponding Python API is
    /// `multiprocessing.Condition.wait_for`.
    @discardableResult
    public func wait(timeout: Duration? = nil, until condition: () throws -> Bool) throws -> Bool {
        let deadline = Deadline(after: timeout)
        while try !condition() {
            let remaining = deadline.remainingNanoseconds.map { Duration.nanoseconds(Int64(clamping: $0)) }
            guard try wait(timeout: remaining) else { return try condition() }
        }
        return true
    }

    /// Wakes up to `count` waiters; they continue when they get the lock.
    ///
    /// The corresponding Python API is `multiprocessing.Condition.notify`.
    public func notify(_ count: Int = 1) throws(MultiprocessingError) {
        try perform(.notify) { (arguments) throws(MultiprocessingError) in arguments.append(Int64(count)) }
    }

    /// Wakes all waiters.
    ///
    /// The corresponding Python API is `multiprocessing.Condition.notify_all`.
    public func notifyAll() throws(MultiprocessingError) {
        try notify(.max)
    }
}
