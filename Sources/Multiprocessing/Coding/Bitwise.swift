/// A trivially copyable value that travels as a copy of its memory.
///
/// Structures that C headers declare, SIMD-like records and other types that are `BitwiseCopyable` but not `Codable`
/// can be sent, put in queues, and made members of `Codable` types by wrapping them (a `FixedLayout` type needs none):
///
///     struct Sample: Codable {
///         var when: Bitwise<timespec>
///     }
///
/// The bytes mean the same only to a process with the same layout of the type, which forked and spawned processes of
/// one program have. Bytes between members are sent as zeros. A pointer arrives as a number that points into the sender's
/// memory. On arrival the size is checked, and that each `Bool` is one; an optional or an enumeration is not. So bytes
/// from someone who is not trusted must not be decoded as a type that has one of these or a pointer; a `FixedLayout` type
/// needs no such trust.
///
/// To other coders the value is an array of bytes. Nothing blocks. The corresponding Python modules are `ctypes` and
/// `struct`, of which an instance is pickled as its bytes.
public struct Bitwise<Value: BitwiseCopyable>: FixedLayout {
    /// The value that is copied.
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
    /// Throws what the encoder throws.
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
