/// Decodes values from the wire form that `WireFormat.swift` describes.
///
/// The bytes are not trusted. Every read is checked against the end of the enclosing value, every length against the
/// number of bytes, and the depth against a limit; a violation is a `DecodingError`.
///
/// A decoder works in place: it knows where its value lies in the message, and searches for a member when it is asked
/// for. Most types read members in the order in which they wrote them, so the search usually succeeds at once.
struct BinaryDecoder {
    /// What `Decoder.userInfo` shows to the types being decoded.
    var userInfo: [CodingUserInfoKey: any Sendable] = [:]

    /// Decodes a value from its wire form, which must be all of the bytes.
    func decode<T: Decodable>(_ type: T.Type, from bytes: UnsafeRawBufferPointer) throws -> T {
        let session = DecodingSession(userInfo: userInfo)
        defer { session.close() }
        return try session.decode(type, from: bytes)
    }
}

/// State shared by the decoders of one message.
final class DecodingSession {
    let userInfo: [CodingUserInfoKey: Any]

    /// The message; empty once it has been decoded, so that a decoder that a type has kept finds no bytes.
    @exclusivity(unchecked) private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)

    /// The first fault found by a method that cannot throw; thrown when the value is otherwise complete.
    private var fault: (any Error)?

    /// The decoders in use.
    ///
    /// Unchecked, like the spare ones, since no caller's code runs while these change.
    @exclusivity(unchecked) private var activeDecoders = 0

    /// The head of a list.
    @exclusivity(unchecked) private var spareDecoder: ValueDecoder?
    @exclusivity(unchecked) private var spareCount = 0
    private static let spareLimit = 64

    init(userInfo: [CodingUserInfoKey: Any] = [:]) {
        self.userInfo = userInfo
    }

    /// Whether no decoder of the last message is still held, so that the session can serve another message.
    var isReusable: Bool { activeDecoders == 0 }

    /// Decodes a value from its wire form, which must be all of the bytes.
    func decode<T: Decodable>(_ type: T.Type, from message: UnsafeRawBufferPointer) throws -> T {
        bytes = message
        fault = nil
        defer { bytes = UnsafeRawBufferPointer(start: nil, count: 0) }
        let item: WireItem
        do {
            item = try message.wholeItem()
        } catch {
            throw DecodingError.make(error, for: type, path: [])
        }
        let value =
            if let leaf = LeafTable.leaf(for: type) {
                try readLeaf(leaf, as: type, item, in: nil, at: .root, depth: 0)
            } else {
                try readWhole(type, item, in: nil, at: .root, depth: 0)
            }
        if let fault { throw fault }
        return value
    }

    /// Breaks the reference cycle between the session and its spare decoders, so that both can be freed.
    func close() {
        spareDecoder = nil
        spareCount = 0
    }

    /// Remembers a fault that the caller cannot throw.
    func record(_ error: DecodingError) {
        if fault == nil { fault = error }
    }

    /// Reads a value of a leaf type; if its form is unusual, lets the type decode itself.
    func readLeaf<T: Decodable>(
        _ leaf: any WireLeaf.Type, as type: T.Type, _ item: WireItem, in parent: ValueDecoder?, at step: CodingStep,
        depth: Int
    ) throws -> T {
        try withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { memory in
            if let address = memory.baseAddress, leaf.readWire(item, in: bytes, to: UnsafeMutableRawPointer(address)) {
                return address.move()
            }
            return try readWhole(type, item, in: parent, at: step, depth: depth)
        }
    }

    /// Lets a type decode itself from a value of the message.
    func readWhole<T: Decodable>(
        _ type: T.Type, _ item: WireItem, in parent: ValueDecoder?, at step: CodingStep, depth: Int
    ) throws -> T {
        var decoder = decoder(for: item, in: parent, at: step, depth: depth)
        defer { retire(&decoder) }
        return try decoder.decodeWhole(type)
    }

    /// A decoder for one value of the message.
    func decoder(for item: WireItem, in parent: ValueDecoder?, at step: CodingStep, depth: Int) -> ValueDecoder {
        let decoder: ValueDecoder
        if let spare = spareDecoder {
            decoder = spare
            spareDecoder = spare.nextSpare
            spare.nextSpare = nil
            spareCount -= 1
        } else {
            decoder = ValueDecoder(session: self)
        }
        activeDecoders += 1
        decoder.activate(for: item, in: parent, at: step, depth: depth)
        return decoder
    }

    /// Takes a decoder back, unless it is still held elsewhere.
    private func retire(_ decoder: inout ValueDecoder) {
        guard isKnownUniquelyReferenced(&decoder) else { return }
        decoder.deactivate()
        guard spareCount < Self.spareLimit else { return }
        decoder.nextSpare = spareDecoder
        spareDecoder = decoder
        spareCount += 1
    }

    func decoderWasDeactivated() {
        activeDecoders -= 1
    }
}

extension DecodingError {
    /// The error for a fault, now that the type and the path are known.
    static func make(_ fault: WireFault, for type: Any.Type, path: [any CodingKey], found tag: UInt8? = nil) -> Self {
        switch fault {
        case .corrupted(let reason):
            return .dataCorrupted(Context(codingPath: path, debugDescription: reason))
        case .mismatch:
            let found = tag.map { WireTag.name(of: $0) } ?? "another value"
            let context = Context(codingPath: path, debugDescription: "expected \(type), found \(found)")
            return tag == WireTag.null ? .valueNotFound(type, context) : .typeMismatch(type, context)
        }
    }
}
