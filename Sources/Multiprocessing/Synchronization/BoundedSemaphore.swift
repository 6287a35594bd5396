/// A `Semaphore` that never has more units than at its start: a release too many is an error.
///
/// What is said at `Semaphore` holds here too. A unit whose holder was killed is missing, so the bound does not find a
/// release that takes its place.
///
/// The corresponding Python API is `multiprocessing.BoundedSemaphore`.
public final class BoundedSemaphore: Codable, Sendable {
    private let core: SemaphoreCore

    /// Makes a semaphore with so many units, and never more.
    ///
    /// Throws `invalidState` where the number is negative or more than 2,147,483,647, and `systemCallFailed`.
    public init(_ value: Int = 1) throws(MultiprocessingError) {
        core = try SemaphoreCore(making: .boundedSemaphore, value, bound: value)
    }

    /// Takes the semaphore out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        core = try SemaphoreCore(.boundedSemaphore, from: decoder)
    }

    /// Attaches the semaphore to the message that is being sent.
    public func encode(to encoder: any Encoder) throws {
        try core.mapping.encode(to: encoder)
    }

    /// Takes a unit.
    ///
    /// Blocks until there is one.
    ///
    /// The corresponding Python API is `multiprocessing.BoundedSemaphore.acquire`.
    public func acquire() {
        while !core.acquire(timeout: nil) {}
    }

    /// Takes a unit within `timeout`; `nil` waits for ever, zero not at all.
    ///
    /// Blocks until there is one or the time is over, and then returns false.
    ///
    /// The corresponding Python API is `multiprocessing.BoundedSemaphore.acquire`.
    public func acquire(timeout: Duration?) -> Bool {
        core.acquire(timeout: timeout)
    }

    /// Gives back so many units, and wakes as many waiters.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` where the count is not positive, or there would be more units than at the start; then it
    /// adds none. The corresponding Python API is `multiprocessing.BoundedSemaphore.release`.
    public func release(_ count: Int = 1) throws(MultiprocessingError) {
        try core.release(count)
    }

    /// How many units there are at the moment.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.BoundedSemaphore.get_value`.
    public var value: Int {
        core.value
    }

    /// Takes a unit, runs the body, and gives the unit back also when the body throws.
    ///
    /// Blocks until there is a unit.
    ///
    /// Throws what the body throws, and what `release(_:)` does. The corresponding Python API is `with semaphore:`.
    public func withSemaphore<Result>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        acquire()
        let result: Result
        do {
            result = try body()
        } catch {
            // The body's own error is the one to tell.
            try? release()
            throw error
        }
        try release()
        return result
    }

    /// Takes a unit, runs the body, and gives the unit back also when the body throws.
    ///
    /// Blocks until there is a unit.
    ///
    /// Throws what the body throws, and what `release(_:)` does. The corresponding Python API is `with semaphore:`.
    public func withSemaphore<Result>(_ body: () throws -> Result) throws -> Result {
        acquire()
        let result: Result
        do {
            result = try body()
        } catch {
            try? release()
            throw error
        }
        try release()
        return result
    }
}
