import Synchronization

/// Turns the values of one type into messages and back; made once for a channel.
///
/// The way a type is sent is decided when the coder is made. Numbers, strings, arrays of these and dictionaries with
/// them, ``FixedLayout`` types and arrays of them are written straight into the buffer. Other `Codable` types use
/// ``BinaryEncoder`` and ``BinaryDecoder``, whose nodes are kept for the next message. A type that is not `Codable` but
/// trivially copyable is sent as a copy of its memory.
///
/// The wire form depends only on the type, because the two ends may have used different factories, depending on their
/// generic context. The one exception is a trivially copyable type that is either `Encodable` or `Decodable`, but not
/// both: between two ``bitwise()`` coders it is sent as its memory, otherwise as its encoding.
///
/// Several threads may use a coder at once, and it survives a fork.
struct MessageCoder<Value> {
    /// Values are coded by this library only; no code of the type runs.
    let isLeaf: Bool
    let encodeBody: (borrowing Value, inout ByteBuffer) throws -> Void
    let decodeBody: (UnsafeRawBufferPointer) throws -> Value

    /// Appends the value's message to the buffer; if it throws, the buffer is unchanged.
    @inline(__always)
    func encode(_ value: Value, into buffer: inout ByteBuffer) throws {
        try encodeBody(value, &buffer)
    }

    /// Reads the value from its message, which must be all of the bytes.
    ///
    /// Throws a `DecodingError`, or an error of the type's own `init(from:)`. The bytes are not needed afterwards.
    @inline(__always)
    func decode(_ bytes: UnsafeRawBufferPointer) throws -> Value {
        try decodeBody(bytes)
    }
}

// The closures capture only types, a `SpareSession` and a `MemoryMap`. They are not `@Sendable` only because a type's
// conformance to `Codable` might be isolated to an actor. Such a type is coded on the calling thread, and must not be
// sent.
extension MessageCoder: @unchecked Sendable {}

// MARK: - Factories

extension MessageCoder {
    /// The coder for a type that is both sent and received.
    static func codable() -> MessageCoder where Value: Codable {
        if let coder = leafCoder() { return coder }
        return MessageCoder(isLeaf: false, encodeBody: encodingBody(), decodeBody: decodingBody())
    }

    /// The coder for a type that is only sent.
    ///
    /// Its `decode` throws.
    static func encodable() -> MessageCoder where Value: Encodable {
        if let coder = leafCoder() { return coder }
        return MessageCoder(isLeaf: false, encodeBody: encodingBody()) { _ in
            let reason = "this coder cannot decode \(Value.self)"
            throw DecodingError.typeMismatch(
                Value.self, DecodingError.Context(codingPath: [], debugDescription: reason)
            )
        }
    }

    /// The coder for a type that is only received.
    ///
    /// Its `encode` throws.
    static func decodable() -> MessageCoder where Value: Decodable {
        if let coder = leafCoder() { return coder }
        return MessageCoder(
            isLeaf: false,
            encodeBody: { value, _ in
                let reason = "this coder cannot encode \(Value.self)"
                throw EncodingError.invalidValue(
                    copy value, EncodingError.Context(codingPath: [], debugDescription: reason)
                )
            },
            decodeBody: decodingBody()
        )
    }

    /// The coder for a trivially copyable type: its memory, unless it turns out to be `Codable`.
    ///
    /// See ``Bitwise`` for the limits of a copy of memory. A type with a pointer is rejected: to send it, wrap it.
    static func bitwise() -> MessageCoder where Value: BitwiseCopyable {
        if let type = Value.self as? any Codable.Type, let coder = coder(of: type) as? MessageCoder { return coder }
        let map = MemoryMap.of(Value.self)
        return MessageCoder(
            isLeaf: true,
            encodeBody: { value, buffer in
                guard !map.hasPointer else {
                    let reason = "\(Value.self) contains a pointer, which is meaningless in another process"
                    throw EncodingError.invalidValue(
                        copy value, EncodingError.Context(codingPath: [], debugDescription: reason))
                }
                withUnsafeBytes(of: copy value) { map.appendRaw($0, to: &buffer) }
            },
            decodeBody: { bytes in try map.load(Value.self, from: bytes) }
        )
    }

    private static func coder<T: Codable>(of type: T.Type) -> Any { MessageCoder<T>.codable() }
}

// MARK: - Leaves

extension MessageCoder {
    private static func leafCoder() -> MessageCoder? {
        guard let leaf = Value.self as? any WireLeaf.Type else { return copyingCoder() }
        return leafCoder(of: leaf) as? MessageCoder
    }

    private static func leafCoder<Leaf: WireLeaf>(of type: Leaf.Type) -> Any {
        MessageCoder<Leaf>(
            isLeaf: true,
            encodeBody: { value, buffer in Leaf.writeWire(copy value, into: &buffer) },
            decodeBody: { bytes in
                // An unusual form, or none at all: the full decoder can tell.
                try Leaf.readMessage(bytes) ?? BinaryDecoder().decode(Leaf.self, from: bytes)
            }
        )
    }
}

// MARK: - Copies of memory

extension MessageCoder {
    /// The coder for a type of a fixed layout, or for an array of them.
    private static func copyingCoder() -> MessageCoder? {
        if let type = Value.self as? any FixedLayout.Type {
            return coder(copying: type) as? MessageCoder
        }
        if let array = Value.self as? any ArrayOfElements.Type, let element = array.element as? any FixedLayout.Type {
            return coder(copyingEach: element) as? MessageCoder
        }
        return nil
    }

    private static func coder<Copied: FixedLayout>(copying type: Copied.Type) -> Any? {
        guard let map = MemoryMap.forCopies(of: type) else { return nil }
        return MessageCoder<Copied>(
            isLeaf: true,
            encodeBody: { value, buffer in
                withUnsafeBytes(of: copy value) { map.append($0, to: &buffer) }
            },
            decodeBody: { bytes in
                guard let memory = bytes.copiedMemory else { return try BinaryDecoder().decode(type, from: bytes) }
                return try map.load(type, from: memory)
            })
    }

    private static func coder<Copied: FixedLayout>(copyingEach type: Copied.Type) -> Any? {
        guard let map = MemoryMap.forCopies(of: type) else { return nil }
        return MessageCoder<[Copied]>(
            isLeaf: true,
            encodeBody: { values, buffer in
                (copy values).withUnsafeBytes { map.append($0, to: &buffer) }
            },
            decodeBody: { bytes in
                guard let memory = bytes.copiedMemory else {
                    return try BinaryDecoder().decode([Copied].self, from: bytes)
                }
                let count = memory.count / map.stride
                try map.check(memory, is: count * map.stride, of: [Copied].self)
                return [Copied](copyingMemory: memory)
            })
    }
}

extension UnsafeRawBufferPointer {
    /// The content of a message that is a copy of memory; nil for any other message.
    fileprivate var copiedMemory: UnsafeRawBufferPointer? {
        guard let item = try? wholeItem(), item.tag == WireTag.packed | WireTag.uint8 else { return nil }
        return payload(of: item)
    }
}

/// Gives the element type of an array at run time.
protocol ArrayOfElements {
    static var element: Any.Type { get }
}

extension Array: ArrayOfElements {
    static var element: Any.Type { Element.self }
}

// MARK: - Other Codable types

extension MessageCoder {
    private static func encodingBody() -> (borrowing Value, inout ByteBuffer) throws -> Void
    where Value: Encodable {
        let spare = SpareSession<EncodingSession>()
        return { value, buffer in
            let session = spare.take() ?? EncodingSession()
            defer { spare.keep(session) }
            try session.encode(copy value, into: &buffer)
        }
    }

    private static func decodingBody() -> (UnsafeRawBufferPointer) throws -> Value where Value: Decodable {
        let spare = SpareSession<DecodingSession>()
        return { bytes in
            let session = spare.take() ?? DecodingSession()
            defer { spare.keep(session) }
            return try session.decode(Value.self, from: bytes)
        }
    }
}

/// A session that a ``SpareSession`` keeps.
protocol ReusableSession: AnyObject {
    /// Whether nothing of the last message is still held elsewhere.
    var isReusable: Bool { get }

    /// Frees what the session keeps for the next message.
    func close()
}

extension EncodingSession: ReusableSession {}
extension DecodingSession: ReusableSession {}

/// Holds one session between two messages.
///
/// Taking the session makes it exclusive, so threads do not wait for each other: a second thread makes a new session.
/// There is no lock that a fork could leave locked in the child.
final class SpareSession<Session: ReusableSession>: Sendable {
    /// The address of the session, or 0.
    private let slot = Atomic<UInt>(0)

    deinit {
        take()?.close()
    }

    func take() -> Session? {
        Self.session(at: slot.exchange(0, ordering: .acquiringAndReleasing))
    }

    func keep(_ session: Session) {
        guard session.isReusable else { return session.close() }
        let address = UInt(bitPattern: Unmanaged.passRetained(session).toOpaque())
        Self.session(at: slot.exchange(address, ordering: .acquiringAndReleasing))?.close()
    }

    private static func session(at address: UInt) -> Session? {
        guard let pointer = UnsafeRawPointer(bitPattern: address) else { return nil }
        return Unmanaged<Session>.fromOpaque(pointer).takeRetainedValue()
    }
}
