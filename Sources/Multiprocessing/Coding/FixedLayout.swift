/// A `Codable` type of numbers whose messages are a copy of its memory.
///
///     struct Sample: FixedLayout {
///         var time: Int64
///         var level: Double
///         var isValid: Bool
///     }
///
/// As the input or output of a pool, as the element of a queue and as a message of a connection such a value, and an
/// array of such values, is copied as it lies in memory, without the coder's work for each member. Nothing else is to be
/// done for it: the compiler makes `init(from:)` and `encode(to:)`, and refuses a type that has a reference in it.
///
/// The type says so itself, as nobody could see whether its `Codable` conformance is one that the compiler has made, or
/// checks what it reads, or has a descriptor sent: that conformance is passed over. A type that must have its say is not
/// to be one of these.
///
/// The copy is no less safe than the coder. Only members are copied that are numbers, `Bool`, enumerations without
/// associated values that are `CaseIterable`, and structures of these. Bytes between the members are sent as zeros. What
/// is received must have the right size, and a `Bool` or an enumeration a pattern that it can have, or it is
/// `decodingFailed`, whoever has sent it; that a number is sensible is for the receiver to see. A type with any other
/// member (an optional, a pointer, an enumeration with values) travels by its `Codable` conformance, and so do values
/// that are part of others which are not of a fixed layout. Both ends must have the same type: that of one program.
///
/// Types that are not `Codable`, as C's, can be wrapped in `Bitwise`. The corresponding Python module is `struct`.
public protocol FixedLayout: Codable, BitwiseCopyable {}
