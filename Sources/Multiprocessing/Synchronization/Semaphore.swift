/// A number of units that processes share: each `acquire` takes one, and waits while there is none.
///
///     let places = try Semaphore(4)
///     let child = Process { try places.withSemaphore { print("one of four") } }
///
/// Units have no owner: any process may release what another has acquired, so a semaphore can also count what is ready.
/// Taking and releasing units for which no process waits needs no system call.
///
/// A process that is killed while it waits, or just after it was woken, changes nothing: the unit goes to another
/// waiter, after a tenth of a second at most. But if a process is killed while it **holds** a unit, that unit is lost,
/// as in Python: there is no way to know whether it was going to release it. Where that matters, use a `Lock`, or let
/// the parent release in place of a child that has ended.
///
/// Glibc, and with it Foundation, has a type of this name too: in a file that imports one of them, add
/// `import class Multiprocessing.Semaphore`.
///
/// The corresponding Python API is `multiprocessing.Semaphore`.
public class Semaphore: Codable, @unchecked Sendable {
    private let core: SemaphoreCore

    class var kind: SharedObject { .semaphore }

    /// Makes a semaphore with `value` units.
    ///
    /// Throws `invalidState` if the number is negative or more than 2,147,483,647, and `systemCallFailed`.
    public convenience init(_ value: Int = 1) throws(MultiprocessingError) {
        self.init(try SemaphoreCore(making: .semaphore, value, bound: SemaphoreCore.maximum))
    }

    init(_ core: SemaphoreCore) {
        self.core = core
    }

    /// Takes the semaphore from the message being received.
    public required init(from decoder: any Decoder) throws {
        core = try SemaphoreCore(Self.kind, from: decoder)
    }

    /// Attaches the semaphore to the message being sent.
    public final func encode(to encoder: any Encoder) throws {
        try core.mapping.encode(to: encoder)
    }

    /// Takes a unit.
    ///
    /// Blocks until there is one.
    ///
    /// The corresponding Python API is `multiprocessing.Semaphore.acquire`.
    public final func acquire() {
        while !core.acquire(timeout: nil) {}
    }

    /// Takes a unit within `timeout`; `nil` waits forever, zero does not wait.
    ///
    /// Blocks until there is one, or returns false on a timeout.
    ///
    /// The corresponding Python API is `multiprocessing.Semaphore.acquire`.
    public final func acquire(timeout: Duration?) -> Bool {
        core.acquire(timeout: timeout)
    }

    /// Releases, or adds, `count` units, and wakes as many waiters.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState`, and adds no unit, if the count is not positive, or if there would be more than
    /// 2,147,483,647 units, or in a `BoundedSemaphore` more than at its start. The corresponding Python API is
    /// `multiprocessing.Semaphore.release`.
    public final func release(_ count: Int = 1) throws(MultiprocessingError) {
        try core.release(count)
    }

    /// The current number of units.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Semaphore.get_value`.
    public final var value: Int {
        core.value
    }

    /// Takes a unit, runs the body, and releases the unit even if the body throws.
    ///
    /// Blocks until there is a unit.
    ///
    /// Rethrows the body's error, and throws as `release(_:)` does. The corresponding Python API is `with semaphore:`.
    public final func withSemaphore<Result>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        acquire()
        return try giveBack({ () throws(MultiprocessingError) in try release() }, after: body)
    }

    /// Takes a unit, runs the body, and releases the unit even if the body throws.
    ///
    /// Blocks until there is a unit.
    ///
    /// Rethrows the body's error, and throws as `release(_:)` does. The corresponding Python API is `with semaphore:`.
    public final func withSemaphore<Result>(_ body: () throws -> Result) throws -> Result {
        acquire()
        return try giveBack({ try release() }, after: body)
    }
}

extension Semaphore: CustomStringConvertible {
    /// The current number of units: `Semaphore(3)`.
    ///
    /// Does not block. The corresponding Python API is `repr(semaphore)`.
    public final var description: String {
        "\(type(of: self))(\(value))"
    }
}
