/// An error that a function threw in a worker, as it is sent to the front.
struct ThrownError: Codable {
    /// Its description.
    let text: String
    /// The mangled name of its type, and its encoding; nil if the front could not decode it.
    private let value: Value?

    private struct Value: Codable {
        let type: String
        let bytes: [UInt8]
    }

    init(_ error: any Error) {
        text = String(describing: error)
        value = (error as? any Error & Codable).flatMap { ThrownError.value(of: $0) }
    }

    /// The error itself, if it can be decoded.
    var error: (any Error)? {
        guard let value, let type = _typeByName(value.type) as? any (Error & Codable).Type else { return nil }
        func decode<Failure: Error & Codable>(_: Failure.Type) -> (any Error)? {
            value.bytes.withUnsafeBytes { try? MessageCoder<Failure>.codable().decode($0) }
        }
        return decode(type)
    }

    private static func value<Failure: Error & Codable>(of error: Failure) -> Value? {
        // A private type's name contains an address, by which no type can be found.
        guard let type = _mangledTypeName(Failure.self), !type.contains("$") else { return nil }
        var buffer = ByteBuffer()
        guard (try? MessageCoder<Failure>.codable().encode(error, into: &buffer)) != nil else { return nil }
        return Value(type: type, bytes: Array(buffer.readable))
    }
}
