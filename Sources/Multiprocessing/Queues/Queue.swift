/// A queue that any number of processes and threads put values into and get values from, first in, first out.
///
///     let queue = try Queue<String>()
///     let child = Process { try queue.put("hello from \(getpid())") }
///     try child.start()
///     print(try queue.get())
///     try child.join()
///
/// It lies in shared memory. Make it before the processes that use it are started, or send it to them over a
/// `Connection`. A value is in the queue when `put` returns, whatever becomes of the process afterwards: one that has put
/// gigabytes may be joined before anybody has got them. A process that is killed at any moment leaves the queue in order;
/// no value is seen in part, and nothing is lost but a value that the process had got or was getting.
///
/// Values of one producer are got in the order in which it has put them, each by one consumer. They travel as with
/// `Connection.send(_:)`, except that a value with descriptors in it (a `Connection`, a `Lock`, another `Queue`, shared
/// memory without a name) cannot be put into a queue. Make what consumers need before they are started, or send it to them
/// over a `Connection`; a `SharedMemory` with a name, and the proxies of a `Manager`, can be put.
///
/// Memory is taken from a value's `put` until a while after its `get`. A queue that no process has any more is gone, with
/// all that was in it. The corresponding Python API is `multiprocessing.Queue`.
public class Queue<Element: Codable>: Codable, CustomStringConvertible, @unchecked Sendable {
    let elements: ElementRing<Element>

    /// The most values that the queue may hold; nil for as many as there is memory for.
    public final let maxSize: Int?

    /// Makes an empty queue.
    ///
    /// - Parameter maxSize: see the property; at least 1.
    ///
    /// Throws `invalidState` for a size that is not positive, `systemCallFailed` where the kernel refuses memory or a
    /// descriptor, of which a queue has one. The corresponding Python API is `multiprocessing.Queue`.
    public convenience init(maxSize: Int? = nil) throws(MultiprocessingError) {
        try self.init(ValueRing(maxSize: maxSize))
    }

    /// Makes a queue whose memory is so small, a power of two, that a test sees it full and going round.
    package convenience init(maxSize: Int? = nil, capacityBytes: Int) throws(MultiprocessingError) {
        try self.init(ValueRing(maxSize: maxSize, capacity: capacityBytes))
    }

    private init(_ ring: ValueRing) throws(MultiprocessingError) {
        elements = ElementRing(ring)
        maxSize = ring.limit == .max ? nil : Int(ring.limit)
    }

    /// Takes the queue out of the message that is being received: the same queue, with what is in it.
    public required init(from decoder: any Decoder) throws {
        let ring = try ValueRing(in: try SharedMapping(from: decoder))
        elements = ElementRing(ring)
        maxSize = ring.limit == .max ? nil : Int(clamping: ring.limit)
    }

    /// Attaches the queue to the message that is being sent.
    ///
    /// Throws `invalidState` where it is closed.
    public final func encode(to encoder: any Encoder) throws {
        try elements.encode(to: encoder)
    }

    /// Puts a value at the end of the queue.
    ///
    /// Blocks while the queue is full.
    ///
    /// Throws `encodingFailed`, and the queue is as it was, where the value cannot be encoded, has descriptors in it, or
    /// is larger than the memory that the queue could reserve; `systemCallFailed` where the machine has no memory for
    /// it; `invalidState` where this object is closed. The corresponding Python API is `multiprocessing.Queue.put`.
    public final func put(_ element: Element) throws(MultiprocessingError) {
        _ = try elements.put(element, until: Deadline(after: nil))
    }

    /// Puts a value at the end of the queue, unless it stays full for so long; `nil` waits for ever.
    ///
    /// Blocks for about `timeout` at most. With `.zero` it puts the value only if there is room now; it may then still
    /// wait some milliseconds for another producer that is at work. Returns whether the value was put. Throws as
    /// `put(_:)`. The corresponding Python API is `multiprocessing.Queue.put`, and `put_nowait`.
    public final func put(_ element: Element, timeout: Duration?) throws(MultiprocessingError) -> Bool {
        try elements.put(element, until: Deadline(after: timeout))
    }

    /// Puts values at the end of the queue, with no other producer's values between them.
    ///
    /// That is much faster than one at a time. Blocks while the queue is full; consumers may get the first values
    /// before there is room for the last.
    ///
    /// Throws as `put(_:)`; where a value cannot be encoded, none of them is put. It has no counterpart in Python.
    public final func put(contentsOf elements: some Sequence<Element>) throws(MultiprocessingError) {
        try self.elements.put(contentsOf: elements)
    }

    /// Takes the value at the front of the queue.
    ///
    /// Blocks until there is one.
    ///
    /// Throws `decodingFailed` where it is not an `Element`, or its `init(from:)` throws; the value is then taken all the
    /// same. Throws `invalidState` where this object is closed. The corresponding Python API is `multiprocessing.Queue.get`.
    public final func get() throws(MultiprocessingError) -> Element {
        try elements.get()
    }

    /// Takes the value at the front of the queue, or nothing where there is none for so long; `nil` waits for ever.
    ///
    /// Blocks for about `timeout` at most. With `.zero` it takes only what is there now; it may then still wait some
    /// milliseconds for another consumer that is at work. Returns nil when the time is over. Throws as `get()`. The
    /// corresponding Python API is `multiprocessing.Queue.get`, and `get_nowait`.
    public final func get(timeout: Duration?) throws(MultiprocessingError) -> Element? {
        try elements.get(until: Deadline(after: timeout))
    }

    /// Takes the values at the front of the queue that are there, at most `count`, as soon as there is one.
    ///
    /// That is much faster than one at a time. Other consumers wait while the values are decoded. Blocks until there is a
    /// value, for about `timeout` at most; `nil` waits for ever. Returns no value when the time is over first.
    ///
    /// Throws as `get()` where the first value cannot be decoded; at a later one it stops, and the next call throws. It
    /// has no counterpart in Python.
    public final func get(upTo count: Int, timeout: Duration? = nil) throws(MultiprocessingError) -> [Element] {
        try elements.get(upTo: count, until: Deadline(after: timeout))
    }

    /// Ends this object's use of the queue: to put, get or send it from now on is an error.
    ///
    /// What was put stays for others, in this process and in others; a call that waits already goes on. The memory and the
    /// descriptor go with the last reference to the object, as without this call. Does nothing when it is closed already.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.close`. There is no `join_thread`: what was
    /// put is in the queue, and no thread is on its way with it.
    public final func close() {
        elements.close()
    }

    /// How many values are in the queue, a moment ago.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.qsize`.
    public final var count: Int {
        elements.ring.count
    }

    /// Whether there was no value in the queue, a moment ago.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.empty`.
    public final var isEmpty: Bool {
        elements.ring.count == 0
    }

    /// Whether there were as many values in the queue as it may hold, a moment ago; never without a `maxSize`.
    ///
    /// Does not block. The corresponding Python API is `multiprocessing.Queue.full`.
    public final var isFull: Bool {
        elements.ring.isFull
    }

    /// How many values are in it, a moment ago, and may be: `Queue<Int>(3 values)`, `Queue<Int>(3 of 10 values)`.
    ///
    /// Does not block.
    public final var description: String {
        "\(type(of: self))(\(elements.contents(atMost: maxSize))\(remark))"
    }

    /// What else the description is to say.
    var remark: String { "" }
}
