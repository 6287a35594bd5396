/// An error that a function threw in a worker, as it travels to the front.
struct ThrownError: Codable {
    /// What printing it gives.
    let text: String
    /// The mangled name of its type, and its encoding; nil where the front could not make it anew.
    private let value: Value?

    private struct Value: Codable {
        let type: String
        let bytes: [UInt8]
    }

    init(_ error: any Error) {
        text = String(describing: error)
        value = (error as? any Error & Codable).flatMap { ThrownError.value(of: $0) }
    }

    /// The error itself, where it can be made anew.
    var error: (any Error)? {
        guard let value, let type = _typeByName(value.type) as? any (Error & Codable).Type else { return nil }
        func decode<Failure: Error & Codable>(_: Failure.Type) -> (any Error)? {
            value.bytes.withUnsafeBytes { try? MessageCoder<Failure>.codable().decode($0) }
        }
        return decode(type)
    }

    private static func value<Failure: Error & Codable>(of error: Failure) -> Value? {
        // A private type's name holds an address, by which no type is found.
        guard let type = _mangledTypeName(Failure.self), !type.contains("$") else { return nil }
        var buffer = ByteBuffer()
        guard (try? MessageCoder<Failure>.codable().encode(error, into: &buffer)) != nil else { return nil }
        return Value(type: type, bytes: Array(buffer.readable))
    }
}
