/// A trivially copyable value that travels as a copy of its memory.
///
/// Wrap structures from C headers, SIMD-like records and other types that are `BitwiseCopyable` but not `Codable` to
/// send them, put them in queues, or make them members of `Codable` types (a `FixedLayout` type needs no wrapper):
///
///     struct Sample: Codable {
///         var when: Bitwise<timespec>
///     }
///
/// The bytes have the same meaning only in a process with the same layout of the type, as in forked and spawned
/// processes of one program. Bytes between members are sent as zeros. A pointer arrives as an address in the sender's
/// memory. The receiver checks the size, and that each `Bool` is valid, but not optionals or enumerations. So do not
/// decode untrusted bytes as a type that contains one of these or a pointer; a `FixedLayout` type needs no such trust.
///
/// Other coders see the value as an array of bytes. Nothing blocks. The corresponding Python modules are `ctypes` and
/// `struct`, whose instances are pickled as their bytes.
public struct Bitwise<Value: BitwiseCopyable>: FixedLayout {
    /// The wrapped value.
    public var value: Value

    /// Wraps a value.
    public init(_ value: Value) {
        self.value = value
    }

    /// Reads the value's memory from an array of bytes.
    ///
    /// Throws `DecodingError.dataCorrupted` if there are more or fewer bytes than the type has, or a `Bool` is neither 0
    /// nor 1.
    public init(from decoder: any Decoder) throws {
        let bytes = try decoder.singleValueContainer().decode([UInt8].self)
        value = try bytes.withUnsafeBytes { try MemoryMap.of(Value.self).load(Value.self, from: $0) }
    }

    /// Writes the value's memory as an array of bytes.
    ///
    /// Throws the encoder's errors.
    public func encode(to encoder: any Encoder) throws {
        var bytes = ByteBuffer()
        withUnsafeBytes(of: value) { MemoryMap.of(Value.self).appendRaw($0, to: &bytes) }
        var container = encoder.singleValueContainer()
        try container.encode(Array(bytes.readable))
    }
}

extension Bitwise: CopiedAsItIs {}
extension Bitwise: Sendable where Value: Sendable {}
extension Bitwise: Equatable where Value: Equatable {}
extension Bitwise: Hashable where Value: Hashable {}
