import Glibc

// Names in this folder: Python's `Value`, `Array`, `RawValue` and `RawArray` have "Shared" in front here, because
// `Array` would hide Swift's own in every file that imports this module, and one prefix for all is easier to remember.

/// One value that processes share, with a lock.
///
///     let total = try SharedValue(0)
///     let child = Process { total.withLock { $0 += 1 } }
///
/// The value can be of any `BitwiseCopyable` type: numbers, `Bool`, structures of these. Children forked later share
/// it; to other processes send it over a `Connection`. Thousands of values share a descriptor.
///
/// `value` is read and written under the lock, but `total.value += 1` takes the lock twice, and another process may
/// come in between, as in Python: use `withLock`, which changes a copy and stores it at the end. So a process that is
/// killed in the middle leaves the value unchanged, except while more than one word of it is being stored. The lock is
/// robust and recursive: `lock.withLock` holds it over several such steps, and tells whether the last holder was
/// killed. Several values and arrays can share a lock, so that they change together:
///
///     let lock = try RLock()
///     let (sum, count) = (try SharedValue(0.0, lock: lock), try SharedValue(0, lock: lock))
///     try lock.withLock { sum.value += 2.5; count.value += 1 }
///
/// The corresponding Python API is `multiprocessing.Value`.
public final class SharedValue<Value: BitwiseCopyable>: Codable {
    /// The lock under which the value is read and written.
    ///
    /// The corresponding Python API is `multiprocessing.Value.get_lock`.
    public var lock: RLock { guarded.lock }

    private let guarded: GuardedElements<Value>

    /// Shares a value with this initial value.
    ///
    /// - Parameters:
    ///   - value: the initial value.
    ///   - lock: guards it; the default is its own lock. It cannot be a `Lock`, whose holder could not use `value`.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left. The corresponding Python API is
    /// `multiprocessing.Value(typecode, value, lock=lock)`.
    public init(_ value: Value, lock: RLock? = nil) throws(MultiprocessingError) {
        guarded = try GuardedElements(.value, count: 1, lock: lock)
        pointer.initialize(to: value)
    }

    /// Takes the value from the message being received.
    public init(from decoder: any Decoder) throws {
        guarded = try GuardedElements(.value, from: decoder)
        guard guarded.elements.buffer.count == 1 else {
            throw MultiprocessingError(.decodingFailed, "the message's shared memory holds more than one value")
        }
    }

    /// Attaches the value and its lock to the message being sent: the memory itself, not a copy.
    public func encode(to encoder: any Encoder) throws {
        try guarded.encode(to: encoder)
    }

    private var pointer: UnsafeMutablePointer<Value> {
        guarded.elements.element(0)
    }

    /// The current value.
    ///
    /// Blocks until the lock is free, for reading and for writing. Using it inside the body of `withLock` ends the
    /// program, like overlapping accesses to a variable in Swift.
    ///
    /// The corresponding Python API is `multiprocessing.Value.value`.
    public var value: Value {
        get {
            locked { _ in pointer.pointee }
        }
        set {
            locked { _ in pointer.pointee = newValue }
        }
    }

    /// Runs the body with the lock held and passes it the value to change.
    ///
    /// Blocks until the lock is free. Changes are stored when the body returns, and also when it throws.
    ///
    /// Rethrows the body's error. The corresponding Python API is `with value.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withLock { (value: inout Value, _: Acquisition) throws(Failure) in try body(&value) }
    }

    /// Runs the body with the lock held, passes it the value to change, and tells it whether the last holder had
    /// released the lock.
    ///
    /// Blocks until the lock is free. Changes are stored when the body returns, and also when it throws.
    ///
    /// Rethrows the body's error. The corresponding Python API is `with value.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value, Acquisition) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try locked { (acquisition: Acquisition) throws(Failure) in
            guarded.isLent = true
            // A copy, so that a kill leaves no half-made change, and no other code can access what `inout` lends.
            var value = pointer.pointee
            defer {
                pointer.pointee = value
                guarded.isLent = false
            }
            return try body(&value, acquisition)
        }
    }

    private func locked<Result, Failure: Error>(
        _ body: (Acquisition) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let acquisition = lock.core.acquireOrEnd()
        defer { lock.core.releaseOrEnd() }
        guard !guarded.isLent else {
            fatalError("overlapping accesses to a shared value: this thread is inside its withLock")
        }
        return try body(acquisition)
    }
}

extension SharedValue: @unchecked Sendable where Value: Sendable {}

extension SharedValue: CustomStringConvertible {
    /// The current value if it is a number or a `Bool`, otherwise its size: `SharedValue<Int>(5)`.
    ///
    /// Does not take the lock, and does not block. The corresponding Python API is `repr(value)`.
    public var description: String {
        "\(type(of: self))(\(guarded.elements.onlyElement))"
    }
}
