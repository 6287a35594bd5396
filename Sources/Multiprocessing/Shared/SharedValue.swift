import Glibc

// The names in this folder: Python's `Value`, `Array`, `RawValue` and `RawArray` have "Shared" in front here, because
// `Array` would hide Swift's own in every file that imports this module, and one prefix for all is easier to find.

/// One value that processes share, with a lock.
///
///     let total = try SharedValue(0)
///     let child = Process { total.withLock { $0 += 1 } }
///
/// The value can be of any type that is `BitwiseCopyable`: numbers, `Bool`, structures of such. Children that are forked
/// later share it; a `Connection` hands it to others. Thousands share a descriptor.
///
/// `value` is read and written under the lock, but `total.value += 1` takes the lock twice, and another process may come
/// in between, as in Python: use `withLock`, which changes a copy and stores it at the end. So a process that is killed
/// in the middle leaves the value as it was, except in the moment in which more than one word of it is being stored. The
/// lock is robust and recursive: `lock.withLock` holds it over several such steps, and tells whether the last holder was
/// killed. Several values and arrays can have one lock, so that they change together:
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

    /// Shares a value, which begins as this one.
    ///
    /// - Parameters:
    ///   - value: what it is at first.
    ///   - lock: guards it; one of its own where none is given. A `Lock` cannot, as its holder could not use `value`.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left. The corresponding Python API is
    /// `multiprocessing.Value(typecode, value, lock=lock)`.
    public init(_ value: Value, lock: RLock? = nil) throws(MultiprocessingError) {
        guarded = try GuardedElements(.value, count: 1, lock: lock)
        pointer.initialize(to: value)
    }

    /// Takes the value out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        guarded = try GuardedElements(.value, from: decoder)
        guard guarded.elements.buffer.count == 1 else {
            throw MultiprocessingError(.decodingFailed, "the message's shared value consists of several")
        }
    }

    /// Attaches the value and its lock to the message that is being sent: the memory itself, no copy.
    public func encode(to encoder: any Encoder) throws {
        try guarded.encode(to: encoder)
    }

    private var pointer: UnsafeMutablePointer<Value> {
        guarded.elements.element(0)
    }

    /// The value.
    ///
    /// Blocks until the lock is free, for reading and for writing. Inside the body of `withLock` it must not be used: it
    /// ends the program, as Swift does where accesses to a variable overlap.
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

    /// Runs the body with the lock held and hands it the value to change.
    ///
    /// Blocks until the lock is free. What the body has changed is stored when it returns, and also when it throws.
    ///
    /// Throws what the body throws. The corresponding Python API is `with value.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withLock { (value: inout Value, _: Acquisition) throws(Failure) in try body(&value) }
    }

    /// Runs the body with the lock held, hands it the value to change, and tells it how the lock was come by.
    ///
    /// Blocks until the lock is free. What the body has changed is stored when it returns, and also when it throws.
    ///
    /// Throws what the body throws. The corresponding Python API is `with value.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value, Acquisition) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try locked { (acquisition: Acquisition) throws(Failure) in
            guarded.isLent = true
            // A copy, so that a kill leaves no half of a change, and nobody else has a way to what `inout` lends.
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
            fatalError("overlapping accesses to a shared value: its withLock is on the way in this thread")
        }
        return try body(acquisition)
    }
}

extension SharedValue: @unchecked Sendable where Value: Sendable {}

extension SharedValue: CustomStringConvertible {
    /// The value, a moment ago, where it is a number or a `Bool`, and for another its size: `SharedValue<Int>(5)`.
    ///
    /// Does not take the lock, and does not block. The corresponding Python API is `repr(value)`.
    public var description: String {
        "\(type(of: self))(\(guarded.elements.onlyElement))"
    }
}
