/// A minimal queue: values are put and taken, and only memory limits their number.
///
/// In all other respects it is a `Queue`. The corresponding Python API is `multiprocessing.SimpleQueue`.
public final class SimpleQueue<Element: Codable>: Codable, @unchecked Sendable {
    private let elements: ElementRing<Element>

    /// Makes an empty queue.
    ///
    /// Throws `systemCallFailed` if the kernel refuses memory or a descriptor; a queue has one descriptor. The
    /// corresponding Python API is `multiprocessing.SimpleQueue`.
    public init() throws(MultiprocessingError) {
        elements = ElementRing(try ValueRing(maxSize: nil))
    }

    /// Takes the queue from the message being received: the same queue, with its content.
    public init(from decoder: any Decoder) throws {
        elements = ElementRing(try ValueRing(in: try SharedMapping(from: decoder)))
    }

    /// Attaches the queue to the message being sent.
    public func encode(to encoder: any Encoder) throws {
        try elements.encode(to: encoder)
    }

    /// Puts a value at the end of the queue.
    ///
    /// Blocks only while another producer is active, or while the machine has no memory left.
    ///
    /// Throws as `Queue.put(_:)` does. The corresponding Python API is `multiprocessing.SimpleQueue.put`.
    public func put(_ element: Element) throws(MultiprocessingError) {
        _ = try elements.put(element, until: Deadline(after: nil))
    }

    /// Takes the value at the front of the queue.
    ///
    /// Blocks until there is one.
    ///
    /// Throws as `Queue.get()` does. The corresponding Python API is `multiprocessing.SimpleQueue.get`.
    public func get() throws(MultiprocessingError) -> Element {
        try elements.get()
    }

    /// Ends the use of the queue by this object, like `Queue.close()`.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.SimpleQueue.close`.
    public func close() {
        elements.close()
    }

    /// Whether the queue is empty; this may already have changed.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.SimpleQueue.empty`.
    public var isEmpty: Bool {
        elements.ring.count == 0
    }
}

extension SimpleQueue: CustomStringConvertible {
    /// The number of values in it: `SimpleQueue<Int>(3 values)`.
    ///
    /// Does not block.
    public var description: String {
        "\(type(of: self))(\(elements.contents(atMost: nil)))"
    }
}
