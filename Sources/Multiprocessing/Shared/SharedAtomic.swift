import CMultiprocessing
import Synchronization

/// A value that processes share and change in atomic steps, without a lock.
///
///     let finished = try SharedAtomic(0)
///     let child = Process { finished.add(1) }
///
/// For the integers, `Bool`, pointers, and every other type of at most 8 bytes that Swift's `Atomic` supports. If a
/// process is killed, its step has either happened or not. All steps are sequentially consistent unless another
/// ordering is given.
///
/// Python has no counterpart; the nearest is `multiprocessing.Value` with its lock.
public final class SharedAtomic<Value: AtomicRepresentable>: Codable {
    private let mapping: SharedMapping
    @usableFromInline let address: UnsafeMutableRawPointer

    @inlinable
    static var byteCount: Int {
        MemoryLayout<Value.AtomicRepresentation>.size
    }

    /// Shares a value with this initial value.
    ///
    /// Throws `invalidState` if it has more than 8 bytes, and `systemCallFailed`, for example when no descriptor is
    /// left.
    public init(_ value: Value) throws(MultiprocessingError) {
        guard [1, 2, 4, 8].contains(Self.byteCount) else {
            throw MultiprocessingError(
                .invalidState, "a \(Value.self) has \(Self.byteCount) bytes, but an atomic has at most 8")
        }
        mapping = try SharedMapping.making(.atomic, byteCount: 8, elementBytes: Self.byteCount, count: 1)
        address = mapping.object
        store(value)
    }

    /// Takes the value from the message being received.
    public init(from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([.atomic], byteCount: 8, from: decoder)
        guard mapping.elementBytes == Self.byteCount else {
            throw MultiprocessingError(
                .decodingFailed, "the message's atomic has \(mapping.elementBytes) bytes, and is not a \(Value.self)")
        }
        address = mapping.object
    }

    /// Attaches the value to the message being sent: the memory itself, not a copy.
    public func encode(to encoder: any Encoder) throws {
        try mapping.encode(to: encoder)
    }

    /// The current value.
    ///
    /// Does not block.
    @inlinable
    public func load(ordering: AtomicLoadOrdering = .sequentiallyConsistent) -> Value {
        value(mp_atomic_load(address, Self.byteCount, ordering.number))
    }

    /// Replaces the value.
    ///
    /// Does not block.
    @inlinable
    public func store(_ desired: Value, ordering: AtomicStoreOrdering = .sequentiallyConsistent) {
        mp_atomic_store(address, Self.byteCount, bits(desired), ordering.number)
    }

    /// Replaces the value and returns the old one.
    ///
    /// Does not block.
    @inlinable
    public func exchange(_ desired: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent) -> Value {
        value(mp_atomic_exchange(address, Self.byteCount, bits(desired), ordering.number))
    }

    /// Replaces the value if it is bitwise equal to the expected one.
    ///
    /// Returns whether it was, and the old value. Does not block.
    @inlinable
    @discardableResult
    public func compareExchange(
        expected: Value, desired: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent
    ) -> (exchanged: Bool, original: Value) {
        let expected = bits(expected)
        let found = mp_atomic_compare_exchange(
            address, Self.byteCount, expected, bits(desired), ordering.number)
        return (found == expected, value(found))
    }
}

extension SharedAtomic where Value: FixedWidthInteger {
    /// Shares a zero.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public convenience init() throws(MultiprocessingError) {
        try self.init(.zero)
    }

    /// Adds to the value; overflow ends the program.
    ///
    /// Does not block.
    @inlinable
    @discardableResult
    public func add(
        _ operand: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering) { $0 + operand }
    }

    /// Subtracts from the value; overflow ends the program.
    ///
    /// Does not block.
    @inlinable
    @discardableResult
    public func subtract(
        _ operand: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering) { $0 - operand }
    }

    /// Adds to the value; overflow wraps around.
    ///
    /// Does not block.
    @inlinable
    @discardableResult
    public func wrappingAdd(
        _ operand: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent
    ) -> (oldValue: Value, newValue: Value) {
        let old = value(mp_atomic_add(address, Self.byteCount, bits(operand), ordering.number))
        return (old, old &+ operand)
    }

    /// Subtracts from the value; overflow wraps around.
    ///
    /// Does not block.
    @inlinable
    @discardableResult
    public func wrappingSubtract(
        _ operand: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent
    ) -> (oldValue: Value, newValue: Value) {
        let old = value(mp_atomic_add(address, Self.byteCount, bits(0 &- operand), ordering.number))
        return (old, old &- operand)
    }

    @inlinable
    func update(_ ordering: AtomicUpdateOrdering, _ change: (Value) -> Value) -> (Value, Value) {
        var old = load(ordering: .relaxed)
        while true {
            let new = change(old)
            let (exchanged, original) = compareExchange(expected: old, desired: new, ordering: ordering)
            if exchanged {
                return (old, new)
            }
            old = original
        }
    }
}

extension SharedAtomic {
    /// The lower bytes are the value's; this module supports only little-endian machines.
    @inlinable
    func bits(_ value: Value) -> UInt64 {
        let representation = Value.encodeAtomicRepresentation(value)
        var bits: UInt64 = 0
        withUnsafeMutableBytes(of: &bits) { $0.storeBytes(of: representation, as: Value.AtomicRepresentation.self) }
        return bits
    }

    @inlinable
    func value(_ bits: UInt64) -> Value {
        withUnsafeBytes(of: bits) {
            Value.decodeAtomicRepresentation($0.loadUnaligned(as: Value.AtomicRepresentation.self))
        }
    }
}

extension SharedAtomic: @unchecked Sendable where Value: Sendable {}

// The names of the orderings in C.
extension AtomicLoadOrdering {
    @inlinable
    var number: Int32 {
        switch self {
        case .relaxed: Int32(MP_ORDER_RELAXED)
        case .acquiring: Int32(MP_ORDER_ACQUIRE)
        default: Int32(MP_ORDER_SEQUENTIAL)
        }
    }
}

extension AtomicStoreOrdering {
    @inlinable
    var number: Int32 {
        switch self {
        case .relaxed: Int32(MP_ORDER_RELAXED)
        case .releasing: Int32(MP_ORDER_RELEASE)
        default: Int32(MP_ORDER_SEQUENTIAL)
        }
    }
}

extension AtomicUpdateOrdering {
    @inlinable
    var number: Int32 {
        switch self {
        case .relaxed: Int32(MP_ORDER_RELAXED)
        case .acquiring: Int32(MP_ORDER_ACQUIRE)
        case .releasing: Int32(MP_ORDER_RELEASE)
        case .acquiringAndReleasing: Int32(MP_ORDER_ACQUIRE_RELEASE)
        default: Int32(MP_ORDER_SEQUENTIAL)
        }
    }
}

extension SharedAtomic: CustomStringConvertible {
    /// The current value: `SharedAtomic<Int>(5)`.
    public var description: String {
        "\(type(of: self))(\(load()))"
    }
}
