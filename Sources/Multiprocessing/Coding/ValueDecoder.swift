/// One value that is being decoded: its `Decoder`, its single value container, and the shared state of its other
/// containers.
final class ValueDecoder {
    let session: DecodingSession
    /// The next one in the session's list of spare decoders, if this is one.
    ///
    /// Unchecked, like everything here, since the check costs more than the search, and no caller's code runs
    /// meanwhile.
    @exclusivity(unchecked) var nextSpare: ValueDecoder?
    @exclusivity(unchecked) private(set) var item = WireItem(tag: WireTag.nothing, start: 0, end: 0)
    @exclusivity(unchecked) private var parent: ValueDecoder?
    @exclusivity(unchecked) private var step = CodingStep.root
    @exclusivity(unchecked) private var depth = 0
    @exclusivity(unchecked) private var isActive = false
    /// Whether the value is an optional around the nil in the message.
    @exclusivity(unchecked) private var unwrapsNull = false
    @exclusivity(unchecked) private var search = MemberSearch()
    /// The number of elements, once an unkeyed container has been requested.
    @exclusivity(unchecked) private(set) var elementCount = 0

    init(session: DecodingSession) {
        self.session = session
    }

    deinit {
        if isActive { session.decoderWasDeactivated() }
    }

    func activate(for item: WireItem, in parent: ValueDecoder?, at step: CodingStep, depth: Int) {
        self.item = item
        self.parent = parent
        self.step = step
        self.depth = depth
        isActive = true
        unwrapsNull = false
        search.restart(in: item.start..<item.end)
    }

    func deactivate() {
        parent = nil
        step = .root
        isActive = false
        session.decoderWasDeactivated()
    }

    var codingPath: [any CodingKey] {
        guard let key = step.key else { return parent?.codingPath ?? [] }
        return (parent?.codingPath ?? []) + [key]
    }

    /// The error for a fault in this value, or in the one under a key.
    func error(
        _ fault: WireFault, for type: Any.Type, at key: (any CodingKey)? = nil, found item: WireItem? = nil
    ) -> DecodingError {
        let path = key.map { codingPath + [$0] } ?? codingPath
        return .make(fault, for: type, path: path, found: item?.tag)
    }

    private func checkDepth(at step: CodingStep = .root) throws {
        guard depth < maximumCodingDepth else {
            let reason = "values are nested more than \(maximumCodingDepth) levels deep"
            throw error(.corrupted(reason), for: Any.self, at: step.key)
        }
    }

    /// Lets the type decode itself from this decoder.
    func decodeWhole<T: Decodable>(_ type: T.Type) throws -> T {
        if item.isPresentNull { unwrapsNull = type is any OptionalValue.Type }
        return try type.init(from: self)
    }
}

// MARK: - Decoder

extension ValueDecoder: Decoder {
    var userInfo: [CodingUserInfoKey: Any] { session.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard item.tag == WireTag.keyed || item.tag == WireTag.nothing else {
            throw error(.mismatch, for: KeyedDecodingContainer<Key>.self, found: item)
        }
        guard item.end <= session.bytes.count else {
            throw error(.corrupted("the message is no longer available"), for: KeyedDecodingContainer<Key>.self)
        }
        return KeyedDecodingContainer(KeyedReader<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard item.tag == WireTag.unkeyed || item.tag == WireTag.nothing || item.isPacked else {
            throw error(.mismatch, for: (any UnkeyedDecodingContainer).self, found: item)
        }
        do {
            elementCount = try countElements()
        } catch {
            throw self.error(error, for: (any UnkeyedDecodingContainer).self)
        }
        return UnkeyedReader(decoder: self, offset: item.start)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    /// Counts the elements.
    ///
    /// A count in the message could not be trusted.
    private func countElements() throws(WireFault) -> Int {
        if let width = packedWidth { return (item.end - item.start) / width }
        var count = 0
        var offset = item.start
        while offset < item.end {
            offset = try session.bytes.item(at: offset, before: item.end).end
            count += 1
        }
        return count
    }

    private var packedWidth: Int? {
        item.isPacked ? WireTag.width(of: item.tag & ~WireTag.packed) : nil
    }
}

// MARK: - Single values

extension ValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { item.isNull }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if let leaf = LeafTable.leaf(for: type) { return try decodeLeaf(leaf, as: type) }
        return try decodeInPlace(type)
    }

    private func decodeLeaf<T: Decodable>(_ leaf: any WireLeaf.Type, as type: T.Type) throws -> T {
        try withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { memory in
            guard let address = memory.baseAddress,
                leaf.readWire(item, in: session.bytes, to: UnsafeMutableRawPointer(address))
            else { return try decodeInPlace(type) }
            return address.move()
        }
    }

    /// The value takes the place of this one and reads from the same decoder, but uses stack like any other.
    private func decodeInPlace<T: Decodable>(_ type: T.Type) throws -> T {
        try checkDepth()
        depth += 1
        defer { depth -= 1 }
        if item.isPresentNull { return try decodeThroughOptional(type) }
        return try type.init(from: self)
    }

    /// Reads a value from a nil inside optionals, one of which may be the caller.
    private func decodeThroughOptional<T: Decodable>(_ type: T.Type) throws -> T {
        let outer = (item, unwrapsNull)
        defer { (item, unwrapsNull) = outer }
        if unwrapsNull { item.level -= 1 }
        unwrapsNull = item.isPresentNull && type is any OptionalValue.Type
        return try type.init(from: self)
    }

    @inline(__always)
    // Implements all the methods that the protocol requires, as in `DecodingContainers.swift`.
    func decode<P: WirePrimitive>(_ type: P.Type) throws -> P {
        try primitive(type, item, key: nil)
    }

    func decode(_ type: Int128.Type) throws -> Int128 {
        try primitive(type, item, key: nil)
    }

    func decode(_ type: UInt128.Type) throws -> UInt128 {
        try primitive(type, item, key: nil)
    }

    @inline(__always)
    private func primitive<P: WirePrimitive>(
        _ type: P.Type, _ item: WireItem, key: @autoclosure () -> (any CodingKey)?
    ) throws -> P {
        if let value = P.readWire(item, in: session.bytes) { return value }
        return try unusualPrimitive(type, item, key: key())
    }

    @inline(never)
    private func unusualPrimitive<P: WirePrimitive>(
        _ type: P.Type, _ item: WireItem, key: (any CodingKey)?
    ) throws -> P {
        do {
            return try P.convertWire(item, in: session.bytes)
        } catch {
            throw self.error(error, for: type, at: key, found: item)
        }
    }

    @inline(__always)
    private func value<T: Decodable>(
        _ type: T.Type, _ item: WireItem, at step: @autoclosure () -> CodingStep
    ) throws -> T {
        let leaf = LeafTable.leaf(for: type)
        let step = step()
        if let leaf { return try session.readLeaf(leaf, as: type, item, in: self, at: step, depth: depth + 1) }
        try checkDepth(at: step)
        return try session.readWhole(type, item, in: self, at: step, depth: depth + 1)
    }

    /// A decoder for a container or a superclass inside this value.
    private func child(for item: WireItem, at step: CodingStep) throws -> ValueDecoder {
        try checkDepth(at: step)
        return session.decoder(for: item, in: self, at: step, depth: depth + 1)
    }
}

// MARK: - Members

extension ValueDecoder {
    func containsMember(_ key: some CodingKey) -> Bool {
        do {
            return try findMember(key.stringValue) != nil
        } catch {
            session.record(self.error(error, for: Any.self, at: key))
            return false
        }
    }

    func memberIsNil(_ key: some CodingKey) throws -> Bool {
        try member(key, for: Any?.self).isNull
    }

    func decodeMember<T: Decodable>(_ type: T.Type, forKey key: some CodingKey) throws -> T {
        try value(type, member(key, for: type), at: .member(key))
    }

    func decodeMemberIfPresent<T: Decodable>(_ type: T.Type, forKey key: some CodingKey) throws -> T? {
        let found: WireItem?
        do {
            found = try findMember(key.stringValue)
        } catch {
            throw self.error(error, for: type, at: key)
        }
        guard var item = found, !item.isNull else { return nil }
        if item.isPresentNull { item.level -= 1 }
        return try value(type, item, at: .member(key))
    }

    @inline(__always)
    func decodePrimitive<P: WirePrimitive>(_ type: P.Type, forKey key: some CodingKey) throws -> P {
        try primitive(type, member(key, for: type), key: key)
    }

    func memberDecoder(forKey key: some CodingKey) throws -> ValueDecoder {
        try child(for: member(key, for: Any.self), at: .member(key))
    }

    /// The keys of the members that the key type knows.
    func memberKeys<Key: CodingKey>(_ type: Key.Type) -> [Key] {
        do {
            return try search.names(in: session.bytes).compactMap { Key(stringValue: $0) }
        } catch {
            session.record(self.error(error, for: type))
            return []
        }
    }

    private func noMember(_ key: any CodingKey) -> DecodingError {
        let reason = "no member is named \"\(key.stringValue)\""
        return .keyNotFound(key, DecodingError.Context(codingPath: codingPath, debugDescription: reason))
    }

    private func findMember(_ name: String) throws(WireFault) -> WireItem? {
        try search.find(name, in: session.bytes)
    }

    @inline(__always)
    private func member(_ key: some CodingKey, for type: Any.Type) throws -> WireItem {
        do {
            if let item = try findMember(key.stringValue) { return item }
        } catch {
            throw self.error(error, for: type, at: key)
        }
        throw noMember(key)
    }
}

// MARK: - Elements

extension ValueDecoder {
    /// The element at an offset; its position is used only in errors.
    @inline(__always)
    func element(at offset: Int, place: Int, for type: Any.Type) throws -> WireItem {
        guard offset < item.end else { throw noElement(place: place, for: type) }
        if let width = packedWidth {
            return WireItem(tag: item.tag & ~WireTag.packed, start: offset, end: offset + width)
        }
        do {
            return try session.bytes.item(at: offset, before: item.end)
        } catch {
            throw self.error(error, for: type, at: IndexKey(place))
        }
    }

    func decodeElement<T: Decodable>(_ type: T.Type, _ item: WireItem, place: Int) throws -> T {
        try value(type, item, at: .element(place))
    }

    @inline(__always)
    func decodePrimitive<P: WirePrimitive>(_ type: P.Type, _ item: WireItem, place: Int) throws -> P {
        try primitive(type, item, key: IndexKey(place))
    }

    func elementDecoder(_ item: WireItem, place: Int) throws -> ValueDecoder {
        try child(for: item, at: .element(place))
    }

    private func noElement(place: Int, for type: Any.Type) -> DecodingError {
        let path = codingPath + [IndexKey(place)]
        let reason = "the container has only \(elementCount) elements"
        return .valueNotFound(type, DecodingError.Context(codingPath: path, debugDescription: reason))
    }
}
