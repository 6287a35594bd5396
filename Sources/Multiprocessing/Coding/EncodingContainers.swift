// The containers to which a type writes. They only hold the node whose storage they write to.
//
// Methods over `WirePrimitive` implement the protocols' separate requirements for the types from Bool to UInt64. The
// 128-bit integers are written out because the protocols have default implementations for them, which throw. The
// methods are inlined into each requirement's entry point: only there is the type known, so that writing takes a few
// instructions.

/// Writes the members of a node.
struct KeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode

    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil(forKey key: Key) throws {
        node.encodeNil(named: key.stringValue)
    }

    @inline(__always)
    func encode<P: WirePrimitive>(_ value: P, forKey key: Key) throws {
        node.encodePrimitive(value, named: key.stringValue)
    }

    func encode(_ value: Int128, forKey key: Key) throws {
        node.encodePrimitive(value, named: key.stringValue)
    }

    func encode(_ value: UInt128, forKey key: Key) throws {
        node.encodePrimitive(value, named: key.stringValue)
    }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try node.encodeMember(value, forKey: key)
    }

    // The default implementation would lose a value that encodes itself as nil.
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
        guard let value else { return }
        try node.encodeMember(value, forKey: key, fromOptional: true)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        KeyedEncodingContainer(KeyedWriter<NestedKey>(node: node.attachMember(.keyed, forKey: key)))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        UnkeyedWriter(node: node.attachMember(.unkeyed, forKey: key))
    }

    func superEncoder() -> any Encoder {
        node.attachMember(.nothing, forKey: SuperKey())
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        node.attachMember(.nothing, forKey: key)
    }
}

/// Writes the elements of a node.
struct UnkeyedWriter: UnkeyedEncodingContainer {
    let node: EncodingNode

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int { node.elementCount }

    func encodeNil() throws {
        node.encodeNilElement()
    }

    @inline(__always)
    func encode<P: WirePrimitive>(_ value: P) throws {
        node.encodePrimitiveElement(value)
    }

    func encode(_ value: Int128) throws {
        node.encodePrimitiveElement(value)
    }

    func encode(_ value: UInt128) throws {
        node.encodePrimitiveElement(value)
    }

    func encode<T: Encodable>(_ value: T) throws {
        try node.encodeElement(value)
    }

    // The default implementation would write them one by one, with a tag each.
    func encode<Bytes: Sequence>(contentsOf bytes: Bytes) throws where Bytes.Element == UInt8 {
        node.encodeBytes(bytes)
    }

    func nestedContainer<NestedKey: CodingKey>(keyedBy keyType: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        KeyedEncodingContainer(KeyedWriter<NestedKey>(node: node.attachElement(.keyed)))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        UnkeyedWriter(node: node.attachElement(.unkeyed))
    }

    func superEncoder() -> any Encoder {
        node.attachElement(.nothing)
    }
}
