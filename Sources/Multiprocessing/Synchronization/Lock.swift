/// A lock that processes share, for one thread at a time.
///
///     let lock = try Lock()
///     let child = Process { try lock.withLock { print("one line at a time") } }
///
/// Children that are forked later share it; a `Connection` hands it to others, which get an object of their own for the
/// same lock. Thousands share a descriptor.
///
/// **A holder may be killed at any instruction.** The lock is a robust mutex: its first word is the holder's thread
/// number, and the kernel knows of every thread which such mutexes it holds. When a thread ends, however it ends, the
/// kernel puts a mark in the place of its number and wakes a waiter. The next to acquire the lock gets it, is told
/// `recovered`, and a warning is logged once. What the lock protects may then be half done; only the caller can know
/// how to mend it. A waiter that is killed is simply gone, and a wake-up that it had been given goes to the next.
///
/// **It differs from Python's** in that it belongs to the thread which has acquired it: no other can release it, and
/// acquiring it twice is an error at once, where Python waits for itself for ever. A child does not hold what its
/// parent held when it was forked. A thread that drops its last reference to a lock which it still holds releases it,
/// and the next holder is told `recovered`.
///
/// The corresponding Python API is `multiprocessing.Lock`.
public final class Lock: OwnedLock, Codable, @unchecked Sendable {
    override init(core: LockCore) {
        super.init(core: core)
    }

    /// Makes a lock that nobody holds.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public init() throws(MultiprocessingError) {
        super.init(
            core: try LockCore(makingIn: SharedMapping.making(.lock, byteCount: LockCore.byteCount), isRecursive: false)
        )
    }

    /// Takes the lock out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        let mapping = try SharedMapping.received(SharedObject.locks, byteCount: LockCore.byteCount, from: decoder)
        super.init(core: LockCore(in: mapping, isRecursive: false))
    }

    /// Attaches the lock to the message that is being sent.
    public func encode(to encoder: any Encoder) throws {
        try core.mapping.encode(to: encoder)
    }
}
