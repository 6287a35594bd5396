/// A semaphore in a manager server.
///
/// Units have no owner: any process may release them, and units that a process had acquired when it dies stay acquired,
/// unless the reply had not reached it. All methods throw as `ManagerProxy` describes. The corresponding Python API is
/// `multiprocessing.Manager().Semaphore()`.
public final class SemaphoreProxy: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .semaphore }

    /// Takes a unit, waiting for at most `timeout`; `nil` waits forever.
    ///
    /// Returns whether there was one in time. The corresponding Python API is `multiprocessing.Semaphore.acquire`.
    @discardableResult
    public func acquire(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.acquire, timeout)
    }

    /// Releases `count` units.
    ///
    /// Throws `requestFailed` if a bounded one would then have more than at first. The corresponding Python API is
    /// `multiprocessing.Semaphore.release`.
    public func release(_ count: Int = 1) throws(MultiprocessingError) {
        try perform(.release) { (arguments) throws(MultiprocessingError) in arguments.append(Int64(count)) }
    }

    /// Takes a unit, runs the body, and releases the unit even if the body throws.
    ///
    /// Blocks until there is a unit.
    ///
    /// Rethrows the body's error. The corresponding Python API is `with semaphore:`.
    public func withSemaphore<Result>(_ body: () throws -> Result) throws -> Result {
        try acquire()
        return try giveBack({ try release() }, after: body)
    }

    /// The current number of units.
    ///
    /// The corresponding Python API is `multiprocessing.Semaphore.get_value`.
    public var value: Int {
        get throws(MultiprocessingError) { try count(.count) }
    }
}

/// An event in a manager server: a flag that processes can wait for.
///
/// All methods throw as `ManagerProxy` describes. The corresponding Python API is `multiprocessing.Manager().Event()`.
public final class EventProxy: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .event }

    /// Sets the flag and wakes all waiters.
    ///
    /// The corresponding Python API is `multiprocessing.Event.set`.
    public func set() throws(MultiprocessingError) {
        try perform(.raise)
    }

    /// Clears the flag.
    ///
    /// The corresponding Python API is `multiprocessing.Event.clear`.
    public func clear() throws(MultiprocessingError) {
        try perform(.lower)
    }

    /// Whether the flag is set.
    ///
    /// The corresponding Python API is `multiprocessing.Event.is_set`.
    public var isSet: Bool {
        get throws(MultiprocessingError) { try ask(.isRaised) }
    }

    /// Waits until the flag is set, for at most `timeout`; `nil` waits forever.
    ///
    /// Returns whether it was set in time. The corresponding Python API is `multiprocessing.Event.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.wait, timeout)
    }
}

/// A barrier in a manager server, at which a fixed number of parties wait for each other.
///
/// If a party gives up, or its process ends while it waits, the barrier is broken: otherwise the others could wait
/// forever. All methods throw as `ManagerProxy` describes. The corresponding Python API is
/// `multiprocessing.Manager().Barrier()`.
public final class BarrierProxy: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .barrier }

    private struct Nature {
        let parties: Int
        let timeout: Duration?
    }

    /// The constant properties, once they are known.
    private let known = Guarded<Nature?>(nil)

    /// Waits until all parties are here, for at most `timeout`; `nil` means the barrier's own timeout, or no limit if
    /// it has none.
    ///
    /// Returns a different number for each party, from 0 for the first to arrive. A timeout breaks the barrier. Throws
    /// `brokenBarrier` for all parties that wait at a broken one. The corresponding Python API is
    /// `multiprocessing.Barrier.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Int {
        var timeout = timeout
        if timeout == nil { timeout = try nature().timeout }
        return try link.wait(.wait, on: object, timeout) { status, results throws(MultiprocessingError) in
            guard status == .done else {
                throw MultiprocessingError(.brokenBarrier, "a party of the barrier has given up")
            }
            return Int(try results.result(Int64.self))
        }
    }

    /// Repairs a broken barrier; those that wait get `brokenBarrier`.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.reset`.
    public func reset() throws(MultiprocessingError) {
        try perform(.reset)
    }

    /// Breaks the barrier.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.abort`.
    public func abort() throws(MultiprocessingError) {
        try perform(.abort)
    }

    /// The number of parties.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.parties`.
    public var parties: Int {
        get throws(MultiprocessingError) { try nature().parties }
    }

    /// The number of parties that are waiting at this moment.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.n_waiting`.
    public var waitingCount: Int {
        get throws(MultiprocessingError) { try state().waiting }
    }

    /// Whether it is broken.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.broken`.
    public var isBroken: Bool {
        get throws(MultiprocessingError) { try state().isBroken }
    }

    private func nature() throws(MultiprocessingError) -> Nature {
        if let nature = known.withLock({ $0 }) { return nature }
        let nature = try state().nature
        known.withLock { $0 = nature }
        return nature
    }

    private func state() throws(MultiprocessingError) -> (waiting: Int, isBroken: Bool, nature: Nature) {
        try link.call(.barrierState, on: object) { _, results throws(MultiprocessingError) in
            let (waiting, isBroken) = (Int(try results.result(Int64.self)), try results.result(UInt8.self) != 0)
            let parties = Int(try results.result(Int64.self))
            return (
                waiting, isBroken,
                Nature(parties: parties, timeout: Duration?(limitNanoseconds: try results.result(UInt64.self)))
            )
        }
    }
}
