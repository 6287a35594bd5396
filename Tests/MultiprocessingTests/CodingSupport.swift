@testable import Multiprocessing

/// The wire form of a value, as made by the general encoder.
func wireForm<T: Encodable>(of value: T) throws -> [UInt8] {
    var buffer = ByteBuffer()
    try BinaryEncoder().encode(value, into: &buffer)
    return [UInt8](buffer.readable)
}

/// The value that the general decoder reads from bytes.
///
/// The bytes are decoded from memory of exactly their size, so that a sanitizer sees every read past the end.
func decoded<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    return try BinaryDecoder().decode(type, from: UnsafeRawBufferPointer(memory))
}

/// The value after encoding and decoding.
func travelled<T: Codable>(_ value: T) throws -> T {
    try decoded(T.self, from: wireForm(of: value))
}

/// The message of a value, as made by a coder.
func message<T>(of value: T, by coder: MessageCoder<T>) throws -> [UInt8] {
    var buffer = ByteBuffer()
    try coder.encode(value, into: &buffer)
    return [UInt8](buffer.readable)
}

/// A generator of random numbers that a seed determines (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A seed for a test, printed so that a failure can be repeated.
func printedSeed(for test: String = #function) -> UInt64 {
    let seed = UInt64.random(in: .min ... .max)
    print("\(test) seed \(seed)")
    return seed
}

/// A key made of any string.
struct AnyKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringLiteral name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// Encodes by a closure, for tests that need an encoder in hand.
struct Script: Encodable {
    let run: (any Encoder) throws -> Void

    func encode(to encoder: any Encoder) throws { try run(encoder) }
}

/// Decodes by a closure, for tests that need a decoder in hand.
func inspect(_ bytes: [UInt8], _ body: @escaping @Sendable (any Decoder) throws -> Void) throws {
    let inspection = Inspection(body: body)
    try bytes.withUnsafeBytes { bytes in
        _ = try BinaryDecoder(userInfo: [Inspection.key: inspection]).decode(Inspector.self, from: bytes)
    }
}

private struct Inspection: Sendable {
    // The initializer fails for no text at all.
    // swift-format-ignore: NeverForceUnwrap
    static let key = CodingUserInfoKey(rawValue: "inspection")!
    let body: @Sendable (any Decoder) throws -> Void
}

private struct Inspector: Decodable {
    init(from decoder: any Decoder) throws {
        try (decoder.userInfo[Inspection.key] as? Inspection)?.body(decoder)
    }
}
