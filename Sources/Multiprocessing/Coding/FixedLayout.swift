/// A `Codable` type of numbers that is sent as a copy of its memory.
///
///     struct Sample: FixedLayout {
///         var time: Int64
///         var level: Double
///         var isValid: Bool
///     }
///
/// As the input or output of a pool, an element of a queue or a message of a connection, such a value, or an array of
/// them, is copied as it lies in memory, without encoding each member. The conformance needs no code: the compiler
/// synthesizes `init(from:)` and `encode(to:)`, and rejects a type that contains a reference.
///
/// The type must declare this conformance, because the library cannot see whether a `Codable` conformance is
/// synthesized, validates what it reads, or sends a descriptor: that conformance is bypassed. A type that needs its own
/// `Codable` code must not conform.
///
/// The copy is as safe as the coder. Only numbers, `Bool`, `CaseIterable` enumerations without associated values, and
/// structures of these are copied. Bytes between the members are sent as zeros. A received value must have the right
/// size, and each `Bool` and enumeration a valid pattern, otherwise it is `decodingFailed`, whoever sent it; whether a
/// number makes sense is for the receiver to check. A type with any other member (an optional, a pointer, an
/// enumeration with associated values) is sent by its `Codable` conformance, and so are values inside other types that
/// do not have a fixed layout. Both ends must have the same type, as in one program.
///
/// For types that are not `Codable`, such as C's, use `Bitwise`. The corresponding Python module is `struct`.
public protocol FixedLayout: Codable, BitwiseCopyable {}
