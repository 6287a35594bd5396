/// The least that a queue can be: values are put, and got, and there is no limit to how many but memory.
///
/// It is a `Queue` in all other respects. The corresponding Python API is `multiprocessing.SimpleQueue`.
public final class SimpleQueue<Element: Codable>: Codable, @unchecked Sendable {
    private let elements: ElementRing<Element>

    /// Makes an empty queue.
    ///
    /// Throws `systemCallFailed` where the kernel refuses memory or a descriptor, of which a queue has one. The
    /// corresponding Python API is `multiprocessing.SimpleQueue`.
    public init() throws(MultiprocessingError) {
        elements = ElementRing(try ValueRing(maxSize: nil))
    }

    /// Takes the queue out of the message that is being received: the same queue, with what is in it.
    public init(from decoder: any Decoder) throws {
        elements = ElementRing(try ValueRing(in: try SharedMapping(from: decoder)))
    }

    /// Attaches the queue to the message that is being sent.
    public func encode(to encoder: any Encoder) throws {
        try elements.encode(to: encoder)
    }

    /// Puts a value at the end of the queue.
    ///
    /// Blocks only while another producer is at work, or while the machine has no memory left.
    ///
    /// Throws as `Queue.put(_:)`. The corresponding Python API is `multiprocessing.SimpleQueue.put`.
    public func put(_ element: Element) throws(MultiprocessingError) {
        _ = try elements.put(element, until: Deadline(after: nil))
    }

    /// Takes the value at the front of the queue.
    ///
    /// Blocks until there is one.
    ///
    /// Throws as `Queue.get()`. The corresponding Python API is `multiprocessing.SimpleQueue.get`.
    public func get() throws(MultiprocessingError) -> Element {
        try elements.get()
    }

    /// Ends this object's use of the queue, as `Queue.close()`.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.SimpleQueue.close`.
    public func close() {
        elements.close()
    }

    /// Whether there was no value in the queue, a moment ago.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.SimpleQueue.empty`.
    public var isEmpty: Bool {
        elements.ring.count == 0
    }
}

extension SimpleQueue: CustomStringConvertible {
    /// How many values are in it, a moment ago: `SimpleQueue<Int>(3 values)`.
    ///
    /// Does not block.
    public var description: String {
        "\(type(of: self))(\(elements.contents(atMost: nil)))"
    }
}
