/// One value that is being encoded: its `Encoder`, its single value container, and the storage of its other containers.
final class EncodingNode {
    /// The kind of value, as far as it is known.
    enum Shape {
        case nothing, single, keyed, unkeyed
    }

    /// A node whose value is inserted between two of this node's bytes.
    private struct Attachment {
        var offset: Int
        var node: EncodingNode
    }

    let session: EncodingSession
    /// The next one in the session's list of spare nodes, if this is one.
    ///
    /// Unchecked, like everything here, since the check costs more than the writing, and no caller's code runs
    /// meanwhile.
    @exclusivity(unchecked) var nextSpare: EncodingNode?
    @exclusivity(unchecked) private var parent: EncodingNode?
    @exclusivity(unchecked) private var step = CodingStep.root
    @exclusivity(unchecked) private var depth = 0
    @exclusivity(unchecked) private var isActive = false

    @exclusivity(unchecked) private(set) var shape = Shape.nothing
    /// The elements of an unkeyed container so far.
    @exclusivity(unchecked) private(set) var elementCount = 0
    /// Whether all of them are bytes, which are then written without tags.
    @exclusivity(unchecked) private var isRunOfBytes = false
    /// A whole value for a single value, otherwise the members or elements without tag and length.
    @exclusivity(unchecked) private var bytes = ByteBuffer()
    @exclusivity(unchecked) private var members = MemberTable()
    @exclusivity(unchecked) private var attachments: [Attachment] = []

    init(session: EncodingSession) {
        self.session = session
    }

    deinit {
        if isActive { session.nodeWasDeactivated() }
    }

    var codingPath: [any CodingKey] {
        guard let key = step.key else { return parent?.codingPath ?? [] }
        return (parent?.codingPath ?? []) + [key]
    }
}

// MARK: - Use and reuse

extension EncodingNode {
    func activate(in parent: EncodingNode?, at step: CodingStep, depth: Int) {
        self.parent = parent
        self.step = step
        self.depth = depth
        isActive = true
    }

    func deactivate() {
        guard isActive else { return }
        isActive = false
        session.nodeWasDeactivated()
    }

    /// Clears the value, and detaches nested nodes, which would form a reference cycle.
    func reset() {
        if !attachments.isEmpty { detach() }
        members.removeAll()
        bytes.removeAll()
        shape = .nothing
        elementCount = 0
        isRunOfBytes = false
        parent = nil
        step = .root
    }

    private func detach() {
        for index in attachments.indices {
            session.retire(&attachments[index].node)
        }
        attachments.removeAll(keepingCapacity: true)
    }

    private func child(_ step: CodingStep) throws -> EncodingNode {
        guard depth < maximumCodingDepth else { throw tooDeep(key: step.key) }
        return session.node(in: self, at: step, depth: depth + 1)
    }

    /// Makes a node that is part of no value, for a caller that needs some result after a misuse.
    private func orphan(for error: EncodingError) -> EncodingNode {
        session.record(error)
        return session.node(in: nil, at: .root, depth: depth)
    }

    private func tooDeep(key: (any CodingKey)?) -> EncodingError {
        invalid((), key: key, "values are nested more than \(maximumCodingDepth) levels deep")
    }

    private func invalid(_ value: Any, key: (any CodingKey)? = nil, _ reason: String) -> EncodingError {
        let path = key.map { codingPath + [$0] } ?? codingPath
        return .invalidValue(value, EncodingError.Context(codingPath: path, debugDescription: reason))
    }
}

// MARK: - Encoder

extension EncodingNode: Encoder {
    var userInfo: [CodingUserInfoKey: Any] { session.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(KeyedWriter<Key>(node: shaped(.keyed)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        UnkeyedWriter(node: shaped(.unkeyed))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    /// This node, if it has or can take the shape.
    ///
    /// A superclass may ask its encoder for a container like the subclass does; both then write to the same one.
    private func shaped(_ wanted: Shape) -> EncodingNode {
        if shape == .nothing { shape = wanted }
        if shape == wanted { return self }
        return orphan(for: invalid((), "the value asked for two kinds of containers"))
    }
}

// MARK: - Single values

extension EncodingNode: SingleValueEncodingContainer {
    func encodeNil() throws {
        try claimSingle(Optional<Bool>.none as Any)
        bytes.append(WireTag.null)
    }

    func encode<T: Encodable>(_ value: T) throws {
        guard shape == .nothing else { throw written(value) }
        if let leaf = LeafTable.leaf(for: T.self) {
            shape = .single
            return withUnsafePointer(to: value) { leaf.writeWire(from: $0, into: &bytes) }
        }
        // The value takes the place of this one and writes to the same node, but uses stack like any other.
        guard depth < maximumCodingDepth else { throw tooDeep(key: nil) }
        depth += 1
        defer { depth -= 1 }
        try encodeWhole(value)
    }

    // Implements all the methods that the protocol requires, as in `EncodingContainers.swift`.
    @inline(__always)
    func encode<P: WirePrimitive>(_ value: P) throws {
        try claimSingle(value)
        P.writeWire(value, into: &bytes)
    }

    func encode(_ value: Int128) throws {
        try claimSingle(value)
        Int128.writeWire(value, into: &bytes)
    }

    func encode(_ value: UInt128) throws {
        try claimSingle(value)
        UInt128.writeWire(value, into: &bytes)
    }

    private func claimSingle(_ value: @autoclosure () -> Any) throws {
        guard shape == .nothing else { throw written(value()) }
        shape = .single
    }

    private func written(_ value: Any) -> EncodingError {
        invalid(value, "a second value is encoded in the same place")
    }

    /// Lets the value encode itself into this node.
    ///
    /// An optional that holds nil, as in `Int??`, writes the same nil as an outer nil. It is marked here, where its
    /// type is known, so that it is decoded correctly.
    func encodeWhole<T: Encodable>(_ value: T) throws {
        try value.encode(to: self)
        guard isNull, let optional = T.self as? any OptionalValue.Type else { return }
        if !withUnsafePointer(to: value, { optional.isNil(at: $0) }) { try markPresentNull() }
    }

    private var isNull: Bool {
        shape == .single && bytes.readable[0] <= WireTag.presentNull
    }

    /// Records that one more optional around nil is not itself nil.
    private func markPresentNull() throws {
        let level = bytes.readable[0] == WireTag.null ? 0 : bytes.readable[1]
        guard level < UInt8.max else { throw invalid((), "nil inside more than \(UInt8.max) optionals") }
        bytes.removeAll()
        bytes.append(WireTag.presentNull)
        bytes.append(level + 1)
    }
}

// MARK: - Members

extension EncodingNode {
    func encodeMember<T: Encodable>(_ value: T, forKey key: some CodingKey, fromOptional: Bool = false) throws {
        if let leaf = LeafTable.leaf(for: T.self) {
            openMember(key.stringValue)
            return withUnsafePointer(to: value) { leaf.writeWire(from: $0, into: &bytes) }
        }
        var child = try child(.member(key))
        defer { session.retire(&child) }
        try child.encodeWhole(value)
        if fromOptional, child.isNull { try child.markPresentNull() }
        openMember(key.stringValue)
        child.write(into: &bytes)
    }

    @inline(__always)
    func encodePrimitive<P: WirePrimitive>(_ value: P, named name: String) {
        openMember(name)
        P.writeWire(value, into: &bytes)
    }

    func encodeNil(named name: String) {
        openMember(name)
        bytes.append(WireTag.null)
    }

    /// A node for a member that is written piece by piece: the existing one if it has the same shape.
    func attachMember(_ wanted: Shape, forKey key: some CodingKey) -> EncodingNode {
        guard depth < maximumCodingDepth else { return orphan(for: tooDeep(key: key)) }
        members.leaveExpected(in: bytes.readable)
        if wanted != .nothing, let member = members.find(key.stringValue, in: bytes.readable) {
            if let there = attachments.first(where: { $0.offset == member.valueStart }), there.node.shape == wanted {
                return there.node
            }
        }
        openMember(key.stringValue)
        return attach(wanted, at: .member(key))
    }

    /// Writes a member's name; its value must follow.
    ///
    /// Replaces an earlier value of the same name.
    @inline(__always)
    private func openMember(_ name: String) {
        if let duplicate = members.open(name, in: &bytes) { removeMember(duplicate) }
    }

    private func removeMember(_ member: Range<Int>) {
        bytes.remove(member)
        for index in attachments.indices.reversed() where attachments[index].offset > member.lowerBound {
            if attachments[index].offset <= member.upperBound {
                session.retire(&attachments[index].node)
                attachments.remove(at: index)
            } else {
                attachments[index].offset -= member.count
            }
        }
    }

    private func attach(_ shape: Shape, at step: CodingStep) -> EncodingNode {
        let child = session.node(in: self, at: step, depth: depth + 1)
        child.shape = shape
        attachments.append(Attachment(offset: bytes.count, node: child))
        return child
    }
}

// MARK: - Elements

extension EncodingNode {
    func encodeElement<T: Encodable>(_ value: T) throws {
        if isRunOfBytes { tagBytes() }
        if let leaf = LeafTable.leaf(for: T.self) {
            elementCount += 1
            return withUnsafePointer(to: value) { leaf.writeWire(from: $0, into: &bytes) }
        }
        var child = try child(.element(elementCount))
        defer { session.retire(&child) }
        try child.encodeWhole(value)
        elementCount += 1
        child.write(into: &bytes)
    }

    @inline(__always)
    func encodePrimitiveElement<P: WirePrimitive>(_ value: P) {
        if isRunOfBytes { tagBytes() }
        elementCount += 1
        P.writeWire(value, into: &bytes)
    }

    func encodeNilElement() {
        if isRunOfBytes { tagBytes() }
        elementCount += 1
        bytes.append(WireTag.null)
    }

    /// Encodes many bytes at once, as collections of bytes provide them.
    func encodeBytes(_ new: some Sequence<UInt8>) {
        guard elementCount == 0 || isRunOfBytes else {
            for byte in new {
                encodePrimitiveElement(byte)
            }
            return
        }
        let isWritten: Void? = new.withContiguousStorageIfAvailable { bytes.append(bytes: UnsafeRawBufferPointer($0)) }
        if isWritten == nil {
            for byte in new {
                bytes.append(byte)
            }
        }
        elementCount = bytes.count
        isRunOfBytes = elementCount > 0
    }

    /// Gives each byte its tag, because another kind of element follows.
    private func tagBytes() {
        var tagged = ByteBuffer()
        for byte in bytes.readable {
            UInt8.writeWire(byte, into: &tagged)
        }
        bytes = tagged
        isRunOfBytes = false
    }

    /// A node for an element that is written piece by piece.
    func attachElement(_ shape: Shape) -> EncodingNode {
        guard depth < maximumCodingDepth else { return orphan(for: tooDeep(key: IndexKey(elementCount))) }
        if isRunOfBytes { tagBytes() }
        elementCount += 1
        return attach(shape, at: .element(elementCount - 1))
    }
}

// MARK: - Completion

extension EncodingNode {
    /// Appends the whole value.
    func write(into output: inout ByteBuffer) {
        if !attachments.isEmpty { fillIn() }
        switch shape {
        case .nothing:
            output.append(WireTag.nothing)
        case .single:
            output.append(bytes: bytes.readable)
        case .keyed, .unkeyed:
            output.append(
                isRunOfBytes ? WireTag.packed | WireTag.uint8 : shape == .keyed ? WireTag.keyed : WireTag.unkeyed)
            output.appendLength(bytes.count)
            output.append(bytes: bytes.readable)
        }
    }

    /// Inserts the values of the attached nodes at their places.
    private func fillIn() {
        var filled = ByteBuffer()
        var done = 0
        for attachment in attachments {
            filled.append(bytes: UnsafeRawBufferPointer(rebasing: bytes.readable[done..<attachment.offset]))
            attachment.node.write(into: &filled)
            done = attachment.offset
        }
        filled.append(bytes: UnsafeRawBufferPointer(rebasing: bytes.readable[done...]))
        bytes = filled
        detach()
    }
}
