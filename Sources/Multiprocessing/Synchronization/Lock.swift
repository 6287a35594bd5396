/// A lock that processes share, for one thread at a time.
///
///     let lock = try Lock()
///     let child = Process { try lock.withLock { print("one line at a time") } }
///
/// Children that are forked later share it. To other processes send it over a `Connection`; they get their own object
/// of the same lock. Thousands of locks share a descriptor.
///
/// **A holder may be killed at any instruction.** The lock is a robust mutex: its first word is the holder's thread ID,
/// and the kernel knows for every thread which robust mutexes it holds. When a thread ends, for whatever reason, the
/// kernel replaces its ID by a mark and wakes a waiter. The next to acquire the lock gets it, is told `recovered`, and
/// a warning is logged once. The protected data may then be half changed; only the caller can know how to repair it.
/// Killing a waiter has no effect, and if it had already been woken, the next one is woken instead.
///
/// **It differs from Python's** because it belongs to the thread that acquired it: no other thread can release it, and
/// acquiring it twice is an immediate error, where Python deadlocks. A child does not hold what its parent held when it
/// was forked. If a thread drops its last reference to a lock that it still holds, the lock is released, and the next
/// holder is told `recovered`.
///
/// The corresponding Python API is `multiprocessing.Lock`.
public final class Lock: OwnedLock, Codable, @unchecked Sendable {
    override init(core: LockCore) {
        super.init(core: core)
    }

    /// Makes an unlocked lock.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public init() throws(MultiprocessingError) {
        super.init(
            core: try LockCore(makingIn: SharedMapping.making(.lock, byteCount: LockCore.byteCount), isRecursive: false)
        )
    }

    /// Takes the lock from the message being received.
    public init(from decoder: any Decoder) throws {
        let mapping = try SharedMapping.received(SharedObject.locks, byteCount: LockCore.byteCount, from: decoder)
        super.init(core: LockCore(in: mapping, isRecursive: false))
    }

    /// Attaches the lock to the message being sent.
    public func encode(to encoder: any Encoder) throws {
        try core.mapping.encode(to: encoder)
    }
}
