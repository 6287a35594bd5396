/// A `Semaphore` that never has more units than at its start: a release too many is an error.
///
/// What is said at `Semaphore` holds here too. A unit whose holder was killed is missing, so the bound does not find a
/// release that takes its place.
///
/// The corresponding Python API is `multiprocessing.BoundedSemaphore`.
public final class BoundedSemaphore: Semaphore, @unchecked Sendable {
    override class var kind: SharedObject { .boundedSemaphore }

    /// Makes a semaphore with so many units, and never more.
    ///
    /// Throws `invalidState` where the number is negative or more than 2,147,483,647, and `systemCallFailed`.
    public convenience init(_ value: Int = 1) throws(MultiprocessingError) {
        self.init(try SemaphoreCore(making: .boundedSemaphore, value, bound: value))
    }
}
