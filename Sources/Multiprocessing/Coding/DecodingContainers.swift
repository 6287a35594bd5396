// The containers from which a type reads. They hold the decoder of their value and, for ordered containers, a position.
//
// Methods over `WirePrimitive` implement the protocols' separate requirements for the types from Bool to UInt64. The
// 128-bit integers are written out because the protocols have default implementations for them, which throw. The
// methods are inlined into each requirement's entry point: only there is the type known, so that reading takes a few
// instructions.

/// Reads the members of a value.
struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ValueDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { decoder.memberKeys(Key.self) }

    func contains(_ key: Key) -> Bool {
        decoder.containsMember(key)
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        try decoder.memberIsNil(key)
    }

    @inline(__always)
    func decode<P: WirePrimitive>(_ type: P.Type, forKey key: Key) throws -> P {
        try decoder.decodePrimitive(type, forKey: key)
    }

    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
        try decoder.decodePrimitive(type, forKey: key)
    }

    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
        try decoder.decodePrimitive(type, forKey: key)
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try decoder.decodeMember(type, forKey: key)
    }

    // The default implementation would not look inside an optional that holds nil.
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try decoder.decodeMemberIfPresent(type, forKey: key)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try decoder.memberDecoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder.memberDecoder(forKey: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        try decoder.memberDecoder(forKey: SuperKey())
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        try decoder.memberDecoder(forKey: key)
    }
}

/// Reads the elements of a value, in their order.
struct UnkeyedReader: UnkeyedDecodingContainer {
    let decoder: ValueDecoder
    private var offset: Int
    private(set) var currentIndex = 0

    init(decoder: ValueDecoder, offset: Int) {
        self.decoder = decoder
        self.offset = offset
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { decoder.elementCount }
    var isAtEnd: Bool { offset >= decoder.item.end }

    /// Reads the next element and, unless that throws, moves past it.
    @inline(__always)
    private mutating func next<T>(_ type: Any.Type, _ read: (ValueDecoder, WireItem, Int) throws -> T) throws -> T {
        let item = try decoder.element(at: offset, place: currentIndex, for: type)
        let value = try read(decoder, item, currentIndex)
        offset = item.end
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        let item = try decoder.element(at: offset, place: currentIndex, for: Any?.self)
        guard item.isNull else { return false }
        offset = item.end
        currentIndex += 1
        return true
    }

    @inline(__always)
    mutating func decode<P: WirePrimitive>(_ type: P.Type) throws -> P {
        try next(type) { try $0.decodePrimitive(type, $1, place: $2) }
    }

    mutating func decode(_ type: Int128.Type) throws -> Int128 {
        try next(type) { try $0.decodePrimitive(type, $1, place: $2) }
    }

    mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
        try next(type) { try $0.decodePrimitive(type, $1, place: $2) }
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try next(type) { try $0.decodeElement(type, $1, place: $2) }
    }

    // The default implementation would not look inside an optional that holds nil.
    mutating func decodeIfPresent<T: Decodable>(_ type: T.Type) throws -> T? {
        if isAtEnd { return nil }
        return try next(type) { decoder, item, place in
            if item.isNull { return nil }
            var item = item
            if item.isPresentNull { item.level -= 1 }
            return try decoder.decodeElement(type, item, place: place)
        }
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try next(KeyedDecodingContainer<NestedKey>.self) {
            try $0.elementDecoder($1, place: $2).container(keyedBy: type)
        }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next((any UnkeyedDecodingContainer).self) { try $0.elementDecoder($1, place: $2).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try next((any Decoder).self) { try $0.elementDecoder($1, place: $2) }
    }
}
