/// A number of units that processes share: each `acquire` takes one, and waits while there is none.
///
///     let places = try Semaphore(4)
///     let child = Process { try places.withSemaphore { print("one of four") } }
///
/// Units belong to nobody: any process may release what another has acquired, so that a semaphore can also count what
/// is ready. Taking and giving back units that nobody waits for needs no system call.
///
/// A process that is killed while it waits changes nothing, and neither does one that was just woken: the unit goes to
/// another, after a tenth of a second at most. But a process that is killed while it **holds** a unit takes it along, as
/// in Python: nobody can know whether it was going to release it. Where that matters, use a `Lock`, or have the parent
/// release in the place of a child that has ended.
///
/// Glibc, and with it Foundation, has a type of this name too: in a file that imports one of them, add
/// `import class Multiprocessing.Semaphore`.
///
/// The corresponding Python API is `multiprocessing.Semaphore`.
public class Semaphore: Codable, @unchecked Sendable {
    private let core: SemaphoreCore

    class var kind: SharedObject { .semaphore }

    /// Makes a semaphore with so many units.
    ///
    /// Throws `invalidState` where the number is negative or more than 2,147,483,647, and `systemCallFailed`.
    public convenience init(_ value: Int = 1) throws(MultiprocessingError) {
        self.init(try SemaphoreCore(making: .semaphore, value, bound: SemaphoreCore.maximum))
    }

    init(_ core: SemaphoreCore) {
        self.core = core
    }

    /// Takes the semaphore out of the message that is being received.
    public required init(from decoder: any Decoder) throws {
        core = try SemaphoreCore(Self.kind, from: decoder)
    }

    /// Attaches the semaphore to the message that is being sent.
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

    /// Takes a unit within `timeout`; `nil` waits for ever, zero not at all.
    ///
    /// Blocks until there is one or the time is over, and then returns false.
    ///
    /// The corresponding Python API is `multiprocessing.Semaphore.acquire`.
    public final func acquire(timeout: Duration?) -> Bool {
        core.acquire(timeout: timeout)
    }

    /// Gives back, or adds, so many units, and wakes as many waiters.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` where the count is not positive, or there would be more than 2,147,483,647 units, or in a
    /// `BoundedSemaphore` more than at its start; then it adds none. The corresponding Python API is `multiprocessing.Semaphore.release`.
    public final func release(_ count: Int = 1) throws(MultiprocessingError) {
        try core.release(count)
    }

    /// How many units there are at the moment.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Semaphore.get_value`.
    public final var value: Int {
        core.value
    }

    /// Takes a unit, runs the body, and gives the unit back also when the body throws.
    ///
    /// Blocks until there is a unit.
    ///
    /// Throws what the body throws, and what `release(_:)` does. The corresponding Python API is `with semaphore:`.
    public final func withSemaphore<Result>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        acquire()
        return try giveBack({ () throws(MultiprocessingError) in try release() }, after: body)
    }

    /// Takes a unit, runs the body, and gives the unit back also when the body throws.
    ///
    /// Blocks until there is a unit.
    ///
    /// Throws what the body throws, and what `release(_:)` does. The corresponding Python API is `with semaphore:`.
    public final func withSemaphore<Result>(_ body: () throws -> Result) throws -> Result {
        acquire()
        return try giveBack({ try release() }, after: body)
    }
}

extension Semaphore: CustomStringConvertible {
    /// How many units there are, a moment ago: `Semaphore(3)`.
    ///
    /// Does not block. The corresponding Python API is `repr(semaphore)`.
    public final var description: String {
        "\(type(of: self))(\(value))"
    }
}
