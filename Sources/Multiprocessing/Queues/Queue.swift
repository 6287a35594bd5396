/// A first-in, first-out queue for any number of producer and consumer processes and threads.
///
///     let queue = try Queue<String>()
///     let child = Process { try queue.put("hello from \(getpid())") }
///     try child.start()
///     print(try queue.get())
///     try child.join()
///
/// It lives in shared memory. Make it before the processes that use it are started, or send it to them over a
/// `Connection`. A value is in the queue when `put` returns, whatever happens to the process afterwards: one that has
/// put gigabytes may be joined before anything is taken. If a process is killed at any moment, the queue stays in
/// order; no value is ever seen in part, and only a value that the process had taken or was taking is lost.
///
/// Values of one producer are taken in the order in which it has put them, each by one consumer. They are encoded as by
/// `Connection.send(_:)`, except that a value with descriptors in it (a `Connection`, a `Lock`, another `Queue`, shared
/// memory without a name) cannot be put into a queue. Make such objects before the consumers are started, or send them
/// over a `Connection`; a `SharedMemory` with a name, and the proxies of a `Manager`, can be put.
///
/// A value takes memory from its `put` until a while after its `get`. When no process has the queue any more, it is
/// gone with all its values. The corresponding Python API is `multiprocessing.Queue`.
public class Queue<Element: Codable>: Codable, CustomStringConvertible, @unchecked Sendable {
    let elements: ElementRing<Element>

    /// The maximum number of values in the queue; nil if only memory limits it.
    public final let maxSize: Int?

    /// Makes an empty queue.
    ///
    /// - Parameter maxSize: see the property; at least 1.
    ///
    /// Throws `invalidState` for a size that is not positive, and `systemCallFailed` if the kernel refuses memory or a
    /// descriptor; a queue has one descriptor. The corresponding Python API is `multiprocessing.Queue`.
    public convenience init(maxSize: Int? = nil) throws(MultiprocessingError) {
        try self.init(ValueRing(maxSize: maxSize))
    }

    /// Makes a queue with so little memory, a power of two, that a test sees it fill up and wrap around.
    package convenience init(maxSize: Int? = nil, capacityBytes: Int) throws(MultiprocessingError) {
        try self.init(ValueRing(maxSize: maxSize, capacity: capacityBytes))
    }

    private init(_ ring: ValueRing) throws(MultiprocessingError) {
        elements = ElementRing(ring)
        maxSize = ring.limit == .max ? nil : Int(ring.limit)
    }

    /// Takes the queue from the message being received: the same queue, with its content.
    public required init(from decoder: any Decoder) throws {
        let ring = try ValueRing(in: try SharedMapping(from: decoder))
        elements = ElementRing(ring)
        maxSize = ring.limit == .max ? nil : Int(clamping: ring.limit)
    }

    /// Attaches the queue to the message being sent.
    ///
    /// Throws `invalidState` if it is closed.
    public final func encode(to encoder: any Encoder) throws {
        try elements.encode(to: encoder)
    }

    /// Puts a value at the end of the queue.
    ///
    /// Blocks while the queue is full.
    ///
    /// Throws `encodingFailed`, and leaves the queue unchanged, if the value cannot be encoded, has descriptors in it,
    /// or is larger than the queue's reserved memory; `systemCallFailed` if the machine has no memory for it;
    /// `invalidState` if this object is closed. The corresponding Python API is `multiprocessing.Queue.put`.
    public final func put(_ element: Element) throws(MultiprocessingError) {
        _ = try elements.put(element, until: Deadline(after: nil))
    }

    /// Puts a value at the end of the queue, unless it stays full for `timeout`; `nil` waits forever.
    ///
    /// Blocks for at most about `timeout`. With `.zero` it puts the value only if there is room now; it may still wait
    /// some milliseconds for another active producer. Returns whether the value was put. Throws as `put(_:)` does. The
    /// corresponding Python API is `multiprocessing.Queue.put`, and `put_nowait`.
    public final func put(_ element: Element, timeout: Duration?) throws(MultiprocessingError) -> Bool {
        try elements.put(element, until: Deadline(after: timeout))
    }

    /// Puts values at the end of the queue, with no other producer's values between them.
    ///
    /// Much faster than one call per value. Blocks while the queue is full; consumers may get the first values before
    /// there is room for the last.
    ///
    /// Throws as `put(_:)` does; if a value cannot be encoded, none of them is put. Python has no counterpart.
    public final func put(contentsOf elements: some Sequence<Element>) throws(MultiprocessingError) {
        try self.elements.put(contentsOf: elements)
    }

    /// Takes the value at the front of the queue.
    ///
    /// Blocks until there is one.
    ///
    /// Throws `decodingFailed` if it is not an `Element`, or its `init(from:)` throws; the value is then removed all
    /// the same. Throws `invalidState` if this object is closed. The corresponding Python API is
    /// `multiprocessing.Queue.get`.
    public final func get() throws(MultiprocessingError) -> Element {
        try elements.get()
    }

    /// Takes the value at the front of the queue, waiting for at most `timeout`; `nil` waits forever.
    ///
    /// Blocks for at most about `timeout`. With `.zero` it only takes a value that is there now; it may still wait some
    /// milliseconds for another active consumer. Returns nil on a timeout. Throws as `get()` does. The corresponding
    /// Python API is `multiprocessing.Queue.get`, and `get_nowait`.
    public final func get(timeout: Duration?) throws(MultiprocessingError) -> Element? {
        try elements.get(until: Deadline(after: timeout))
    }

    /// Takes the values that are in the queue, at most `count`, as soon as there is one.
    ///
    /// Much faster than one call per value. Other consumers wait while the values are decoded. Blocks until there is a
    /// value, for at most about `timeout`; `nil` waits forever. Returns no value on a timeout.
    ///
    /// Throws as `get()` does if the first value cannot be decoded; at a later one it stops, and the next call throws.
    /// Python has no counterpart.
    public final func get(upTo count: Int, timeout: Duration? = nil) throws(MultiprocessingError) -> [Element] {
        try elements.get(upTo: count, until: Deadline(after: timeout))
    }

    /// Ends the use of the queue by this object: later calls to put, get or send it are errors.
    ///
    /// Values in the queue stay for others, in this process and in others; a call that is already waiting continues.
    /// The memory and the descriptor are freed with the last reference to the object, as without this call. Does
    /// nothing if it is already closed.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.close`. There is no `join_thread`: values
    /// are in the queue as soon as `put` returns, with no thread in between.
    public final func close() {
        elements.close()
    }

    /// How many values are in the queue; the number may already have changed.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.qsize`.
    public final var count: Int {
        elements.ring.count
    }

    /// Whether the queue is empty; this may already have changed.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.empty`.
    public final var isEmpty: Bool {
        elements.ring.count == 0
    }

    /// Whether the queue holds `maxSize` values; always false without a `maxSize`.
    ///
    /// This may already have changed.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.full`.
    public final var isFull: Bool {
        elements.ring.isFull
    }

    /// The number of values, and their maximum if any: `Queue<Int>(3 values)`, `Queue<Int>(3 of 10 values)`.
    ///
    /// Does not block.
    public final var description: String {
        "\(type(of: self))(\(elements.contents(atMost: maxSize))\(remark))"
    }

    /// Further text in the description.
    var remark: String { "" }
}
