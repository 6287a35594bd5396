/// Encodes values to the wire form that `WireFormat.swift` describes.
///
/// Every legal use of `Codable` may write to several containers by turns: a container nested in another, its owner
/// again, an encoder for the superclass, and all that inside another value's `encode(to:)`. So each value that is being
/// encoded has a node with bytes of its own (``EncodingNode``), to which its containers write directly. When a value is
/// complete its bytes are appended to those of the node around it; the few nodes whose end is not known (nested
/// containers, encoders for a superclass) are attached at their place and filled in when the node around them is
/// complete. Nodes are used again, so that a message costs few allocations.
struct BinaryEncoder {
    /// What `Encoder.userInfo` shows to the types being encoded.
    var userInfo: [CodingUserInfoKey: any Sendable] = [:]

    /// Appends the value's wire form to the buffer; if it throws, the buffer is as it was.
    func encode<T: Encodable>(_ value: T, into buffer: inout ByteBuffer) throws {
        let session = EncodingSession(userInfo: userInfo)
        defer { session.close() }
        try session.encode(value, into: &buffer)
    }
}

/// What the nodes of one message share.
final class EncodingSession {
    let userInfo: [CodingUserInfoKey: Any]

    /// The first misuse in a method that cannot throw; thrown when the value is otherwise complete.
    private var fault: (any Error)?

    /// The nodes in use.
    ///
    /// Unchecked, as the spare ones are, since no caller's code runs while these change.
    @exclusivity(unchecked) private var activeNodes = 0

    /// The first of a list.
    @exclusivity(unchecked) private var spareNode: EncodingNode?
    @exclusivity(unchecked) private var spareCount = 0
    private static let spareLimit = 64

    init(userInfo: [CodingUserInfoKey: Any] = [:]) {
        self.userInfo = userInfo
    }

    /// Whether nothing of the last message is still held by anyone, so that the session can serve another.
    var isReusable: Bool { activeNodes == 0 }

    /// Appends the value's wire form to the buffer; if it throws, the buffer is as it was.
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

    /// Breaks the ties between the session and its spare nodes, without which neither would ever be freed.
    func close() {
        spareNode = nil
        spareCount = 0
    }

    /// Remembers a misuse for which the caller has no way to throw.
    func record(_ error: EncodingError) {
        if fault == nil { fault = error }
    }

    /// A node for a value inside another.
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
    /// A node that someone still holds stays out of use, so that a late write reaches no other value.
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
