/// Encodes values to the wire form that `WireFormat.swift` describes.
///
/// `Codable` allows a type to write to several containers in turn: a container nested in another, its owner again, an
/// encoder for the superclass, and all of this inside another value's `encode(to:)`. So each value being encoded has a
/// node with its own bytes (``EncodingNode``), to which its containers write directly. When a value is complete, its
/// bytes are appended to those of the enclosing node. A few nodes have no known end (nested containers, encoders for a
/// superclass): they are attached at their place and filled in when the enclosing node is complete. Nodes are reused,
/// so that a message costs few allocations.
struct BinaryEncoder {
    /// What `Encoder.userInfo` shows to the types being encoded.
    var userInfo: [CodingUserInfoKey: any Sendable] = [:]

    /// Appends the value's wire form to the buffer; if it throws, the buffer is unchanged.
    func encode<T: Encodable>(_ value: T, into buffer: inout ByteBuffer) throws {
        let session = EncodingSession(userInfo: userInfo)
        defer { session.close() }
        try session.encode(value, into: &buffer)
    }
}

/// State shared by the nodes of one message.
final class EncodingSession {
    let userInfo: [CodingUserInfoKey: Any]

    /// The first misuse in a method that cannot throw; thrown when the value is otherwise complete.
    private var fault: (any Error)?

    /// The nodes in use.
    ///
    /// Unchecked, like the spare ones, since no caller's code runs while these change.
    @exclusivity(unchecked) private var activeNodes = 0

    /// The head of a list.
    @exclusivity(unchecked) private var spareNode: EncodingNode?
    @exclusivity(unchecked) private var spareCount = 0
    private static let spareLimit = 64

    init(userInfo: [CodingUserInfoKey: Any] = [:]) {
        self.userInfo = userInfo
    }

    /// Whether no node of the last message is still held, so that the session can serve another message.
    var isReusable: Bool { activeNodes == 0 }

    /// Appends the value's wire form to the buffer; if it throws, the buffer is unchanged.
    func encode<T: Encodable>(_ value: T, into buffer: inout ByteBuffer) throws {
        if let leaf = LeafTable.leaf(for: T.self) {
            withUnsafePointer(to: value) { leaf.writeWire(from: $0, into: &buffer) }
            return
        }
        fault = nil
        var root = node(in: nil, at: .root, depth: 0)
        defer { retire(&root) }
        try root.encodeWhole(value)
        if let fault { throw fault }
        root.write(into: &buffer)
    }

    /// Breaks the reference cycle between the session and its spare nodes, so that both can be freed.
    func close() {
        spareNode = nil
        spareCount = 0
    }

    /// Remembers a misuse that the caller cannot throw.
    func record(_ error: EncodingError) {
        if fault == nil { fault = error }
    }

    /// Makes a node for a value inside another.
    func node(in parent: EncodingNode?, at step: CodingStep, depth: Int) -> EncodingNode {
        let node: EncodingNode
        if let spare = spareNode {
            node = spare
            spareNode = spare.nextSpare
            spare.nextSpare = nil
            spareCount -= 1
        } else {
            node = EncodingNode(session: self)
        }
        activeNodes += 1
        node.activate(in: parent, at: step, depth: depth)
        return node
    }

    /// Takes a node back.
    ///
    /// A node that is still held elsewhere is not reused, so that a late write reaches no other value.
    func retire(_ node: inout EncodingNode) {
        node.reset()
        guard isKnownUniquelyReferenced(&node) else { return }
        node.deactivate()
        guard spareCount < Self.spareLimit else { return }
        node.nextSpare = spareNode
        spareNode = node
        spareCount += 1
    }

    func nodeWasDeactivated() {
        activeNodes -= 1
    }
}
