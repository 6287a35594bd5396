/// A `Semaphore` that never has more units than at its start: one release too many is an error.
///
/// The rules of `Semaphore` apply here too. The unit of a killed holder is missing, so one release too many that
/// replaces it is not detected.
///
/// The corresponding Python API is `multiprocessing.BoundedSemaphore`.
public final class BoundedSemaphore: Semaphore, @unchecked Sendable {
    override class var kind: SharedObject { .boundedSemaphore }

    /// Makes a semaphore with `value` units, which is also the maximum.
    ///
    /// Throws `invalidState` if the number is negative or more than 2,147,483,647, and `systemCallFailed`.
    public convenience init(_ value: Int = 1) throws(MultiprocessingError) {
        self.init(try SemaphoreCore(making: .boundedSemaphore, value, bound: value))
    }
}
