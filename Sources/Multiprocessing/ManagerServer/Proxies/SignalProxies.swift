/// A semaphore in a manager server: so many may have it at a time.
///
/// It belongs to nobody, so whoever likes may release it, and what a process has acquired when it dies stays acquired,
/// unless it has not yet been told.
/// All methods throw as `ManagerProxy` says. The corresponding Python API is `multiprocessing.Manager().Semaphore()`.
public final class SemaphoreProxy: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .semaphore }

    /// Takes one off, at most for `timeout` waiting for it; `nil` waits for ever.
    ///
    /// Whether there was one in time. The corresponding Python API is `multiprocessing.Semaphore.acquire`.
    @discardableResult
    public func acquire(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.acquire, timeout)
    }

    /// Gives so many back.
    ///
    /// Throws `requestFailed` when a bounded one then had more than at first. The corresponding Python API is
    /// `multiprocessing.Semaphore.release`.
    public func release(_ count: Int = 1) throws(MultiprocessingError) {
        try perform(.release) { (arguments) throws(MultiprocessingError) in arguments.append(Int64(count)) }
    }

    /// Takes one off, runs the body, and gives it back also when the body throws.
    ///
    /// Blocks until there is one.
    ///
    /// Throws what the body throws, too. The corresponding Python API is `with semaphore:`.
    public func withSemaphore<Result>(_ body: () throws -> Result) throws -> Result {
        try acquire()
        return try giveBack({ try release() }, after: body)
    }

    /// How many can be acquired at this moment.
    ///
    /// The corresponding Python API is `multiprocessing.Semaphore.get_value`.
    public var value: Int {
        get throws(MultiprocessingError) { try count(.count) }
    }
}

/// An event in a manager server: something that has happened, or not yet.
///
/// All methods throw as `ManagerProxy` says. The corresponding Python API is `multiprocessing.Manager().Event()`.
public final class EventProxy: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .event }

    /// Says that it has happened, and wakes all that wait.
    ///
    /// The corresponding Python API is `multiprocessing.Event.set`.
    public func set() throws(MultiprocessingError) {
        try perform(.raise)
    }

    /// Says that it has not happened.
    ///
    /// The corresponding Python API is `multiprocessing.Event.clear`.
    public func clear() throws(MultiprocessingError) {
        try perform(.lower)
    }

    /// Whether it has happened.
    ///
    /// The corresponding Python API is `multiprocessing.Event.is_set`.
    public var isSet: Bool {
        get throws(MultiprocessingError) { try ask(.isRaised) }
    }

    /// Waits until it has happened, at most for `timeout`; `nil` waits for ever.
    ///
    /// Whether it happened in time. The corresponding Python API is `multiprocessing.Event.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.wait, timeout)
    }
}

/// A barrier in a manager server, at which so many parties wait for each other.
///
/// A party that gives up, or whose process ends while it waits there, breaks the barrier: the others could wait for
/// ever. All methods throw as `ManagerProxy` says. The corresponding Python API is
/// `multiprocessing.Manager().Barrier()`.
public final class BarrierProxy: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .barrier }

    private struct Nature {
        let parties: Int
        let timeout: Duration?
    }

    /// What never changes, once it is known.
    private let known = Guarded<Nature?>(nil)

    /// Waits until all parties are here, at most for `timeout`; `nil` stands for the barrier's own, which is for ever where
    /// it was made without one.
    ///
    /// Returns a number that each party has alone, from 0 for the first that came. When the time is over first the
    /// barrier is broken. Throws `brokenBarrier` at all parties that wait at a broken one. The corresponding Python API
    /// is `multiprocessing.Barrier.wait`.
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

    /// Makes a broken barrier whole again, and breaks it for those that wait.
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

    /// How many parties meet.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.parties`.
    public var parties: Int {
        get throws(MultiprocessingError) { try nature().parties }
    }

    /// How many parties wait at this moment.
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
