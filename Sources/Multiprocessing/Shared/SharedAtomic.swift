import CMultiprocessing
import Synchronization

/// A value that processes share and change in single, indivisible steps, without a lock.
///
///     let finished = try SharedAtomic(0)
///     let child = Process { finished.add(1) }
///
/// For the integers, `Bool`, pointers, and all else that Swift's `Atomic` takes and that has at most 8 bytes. A process
/// that is killed has either made its step or not. All steps are sequentially consistent where no other order is asked
/// for.
///
/// Python has no like; the nearest is `multiprocessing.Value` with its lock.
public final class SharedAtomic<Value: AtomicRepresentable>: Codable {
    private let mapping: SharedMapping
    @usableFromInline let address: UnsafeMutableRawPointer

    @inlinable
    static var byteCount: Int {
        MemoryLayout<Value.AtomicRepresentation>.size
    }

    /// Shares a value, which begins as this one.
    ///
    /// Throws `invalidState` where it has more than 8 bytes, and `systemCallFailed`, as when no descriptor is left.
    public init(_ value: Value) throws(MultiprocessingError) {
        guard [1, 2, 4, 8].contains(Self.byteCount) else {
            throw MultiprocessingError(
                .invalidState, "a \(Value.self) has \(Self.byteCount) bytes, and an atomic at most 8")
        }
        mapping = try SharedMapping.making(.atomic, byteCount: 8, elementBytes: Self.byteCount, count: 1)
        address = mapping.object
        store(value)
    }

    /// Takes the value out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([.atomic], byteCount: 8, from: decoder)
        guard mapping.elementBytes == Self.byteCount else {
            throw MultiprocessingError(
                .decodingFailed, "the message's atomic has \(mapping.elementBytes) bytes, and is no \(Value.self)")
        }
        address = mapping.object
    }

    /// Attaches the value to the message that is being sent: the memory itself, no copy.
    public func encode(to encoder: any Encoder) throws {
        try mapping.encode(to: encoder)
    }

    /// The value at this moment.
    ///
    /// Does not block.
    @inlinable
    public func load(ordering: AtomicLoadOrdering = .sequentiallyConsistent) -> Value {
        value(mp_atomic_load(address, Self.byteCount, ordering.number))
    }

    /// Puts a value in the place of the old one.
    ///
    /// Does not block.
    @inlinable
    public func store(_ desired: Value, ordering: AtomicStoreOrdering = .sequentiallyConsistent) {
        mp_atomic_store(address, Self.byteCount, bits(desired), ordering.number)
    }

    /// Puts a value in the place of the old one, which it returns.
    ///
    /// Does not block.
    @inlinable
    public func exchange(_ desired: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent) -> Value {
        value(mp_atomic_exchange(address, Self.byteCount, bits(desired), ordering.number))
    }

    /// Puts a value in the place of the old one if that is the expected one, bit by bit.
    ///
    /// Returns whether it was, and the value that it has found. Does not block.
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
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public convenience init() throws(MultiprocessingError) {
        try self.init(.zero)
    }

    /// Adds to the value; a sum that the type cannot have ends the program.
    ///
    /// Does not block.
    @inlinable
    @discardableResult
    public func add(
        _ operand: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering) { $0 + operand }
    }

    /// Subtracts from the value; a difference that the type cannot have ends the program.
    ///
    /// Does not block.
    @inlinable
    @discardableResult
    public func subtract(
        _ operand: Value, ordering: AtomicUpdateOrdering = .sequentiallyConsistent
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering) { $0 - operand }
    }

    /// Adds to the value; what does not fit the type is cut off.
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

    /// Subtracts from the value; what does not fit the type is cut off.
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
    /// The lower bytes are those of the value; this module is for little-endian machines only.
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

// What C calls the orders.
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
    /// The value at this moment: `SharedAtomic<Int>(5)`.
    public var description: String {
        "\(type(of: self))(\(load()))"
    }
}
