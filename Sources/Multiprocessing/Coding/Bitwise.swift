/// A trivially copyable value that travels as a copy of its memory.
///
/// Structures that C headers declare, SIMD-like records and other types that are `BitwiseCopyable` but not `Codable`
/// can be sent, put in queues, and made members of `Codable` types by wrapping them:
///
///     struct Sample: Codable {
///         var when: Bitwise<timespec>
///     }
///
/// The bytes mean the same only to a process with the same layout of the type, which forked and spawned processes of
/// one program have. Padding is copied as it is. A pointer arrives as a number that points into the sender's memory.
/// The size is checked on arrival, the content is not: bytes from someone who is not trusted must not be decoded as a
/// type that has invalid bit patterns, such as an enumeration or a `Bool`.
///
/// To other coders the value is an array of bytes. Nothing blocks. The corresponding Python modules are `ctypes` and
/// `struct`, of which an instance is pickled as its bytes.
public struct Bitwise<Value: BitwiseCopyable>: Codable {
    /// The value that is copied.
    public var value: Value

    /// Wraps a value.
    public init(_ value: Value) {
        self.value = value
    }

    /// Reads the value's memory from an array of bytes.
    ///
    /// Throws `DecodingError.dataCorrupted` if there are more or fewer bytes than the type has.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let bytes = try container.decode([UInt8].self)
        guard bytes.count == MemoryLayout<Value>.size else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\(Value.self) has \(MemoryLayout<Value>.size) bytes, not \(bytes.count)"
            )
        }
        value = bytes.withUnsafeBytes { Self.load($0) }
    }

    /// Writes the value's memory as an array of bytes.
    ///
    /// Throws what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(withUnsafeBytes(of: value) { Array($0) })
    }

    static func load(_ bytes: UnsafeRawBufferPointer) -> Value {
        // A pointer of its own for the empty type: an empty array has no bytes to point at.
        guard MemoryLayout<Value>.size > 0 else {
            return withUnsafeTemporaryAllocation(byteCount: 1, alignment: MemoryLayout<Value>.alignment) {
                $0.load(as: Value.self)
            }
        }
        return bytes.loadUnaligned(as: Value.self)
    }
}

extension Bitwise: Sendable where Value: Sendable {}
extension Bitwise: Equatable where Value: Equatable {}
extension Bitwise: Hashable where Value: Hashable {}

extension Bitwise: WireLeaf {
    static func writeWire(_ value: Self, into buffer: inout ByteBuffer) {
        buffer.append(WireTag.packed | WireTag.uint8)
        buffer.appendLength(MemoryLayout<Value>.size)
        buffer.append(value.value)
    }

    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> Self? {
        guard item.tag == WireTag.packed | WireTag.uint8, let memory = bytes.payload(of: item) else { return nil }
        guard memory.count == MemoryLayout<Value>.size else { return nil }
        return Bitwise(load(memory))
    }
}
