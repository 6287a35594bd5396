import Synchronization

/// A ring of values of one type, in this process: the common part of `Queue` and `SimpleQueue`.
final class ElementRing<Element: Codable> {
    let ring: ValueRing

    private let coder = MessageCoder<Element>.codable()
    /// The memory of the last value, kept for the next one.
    private let spare = SpareSession<ValueBuffer>()

    private let closed = Atomic(false)

    init(_ ring: ValueRing) {
        self.ring = ring
    }

    /// Whether this process has closed its use of the queue.
    var isClosed: Bool {
        closed.load(ordering: .relaxed)
    }

    func close() {
        closed.store(true, ordering: .relaxed)
    }

    @inline(__always)
    private func requireOpen(for purpose: StaticString) throws(MultiprocessingError) {
        if isClosed {
            throw MultiprocessingError(.invalidState, "\(purpose) a queue that this process has closed")
        }
    }

    /// The current number of values, for a description.
    func contents(atMost maxSize: Int?) -> String {
        let count = ring.count
        let text = maxSize.map { "\(count) of \($0) values" } ?? (count == 1 ? "1 value" : "\(count) values")
        return isClosed ? "closed, \(text)" : text
    }

    /// Attaches the memory to the message being encoded.
    func encode(to encoder: any Encoder) throws {
        try requireOpen(for: "send")
        try ring.mapping.encode(to: encoder)
    }

    /// Puts a value; false on a timeout before there is room.
    func put(_ element: Element, until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        try requireOpen(for: "put into")
        let buffer = spare.take() ?? ValueBuffer()
        defer { keep(buffer) }
        try append(element, to: buffer)
        if deadline.hasPassed && ring.isFull {
            return false
        }
        return try ring.put(buffer.bytes.readable, count: 1, until: deadline) == 1
    }

    /// Puts values one after another, with no other producer's values between them; either all, or none if one of them
    /// cannot be encoded.
    func put(contentsOf elements: some Sequence<Element>) throws(MultiprocessingError) {
        try requireOpen(for: "put into")
        let buffer = spare.take() ?? ValueBuffer()
        defer { keep(buffer) }
        var count = 0
        for element in elements {
            try append(element, to: buffer)
            count += 1
        }
        _ = try ring.put(buffer.bytes.readable, count: count, until: Deadline(after: nil))
    }

    /// Takes the next value, and waits for one without limit.
    func get() throws(MultiprocessingError) -> Element {
        try requireOpen(for: "get from")
        while true {
            if let record = try ring.beginGet(until: Deadline(after: nil)) {
                return try take(record)
            }
        }
    }

    /// Takes the next value; nil on a timeout.
    func get(until deadline: Deadline) throws(MultiprocessingError) -> Element? {
        try requireOpen(for: "get from")
        if deadline.hasPassed && ring.count == 0 {
            return nil
        }
        guard let record = try ring.beginGet(until: deadline) else { return nil }
        return try take(record)
    }

    private func take(_ record: RingRecord) throws(MultiprocessingError) -> Element {
        if record.second.isEmpty && (coder.isLeaf || record.first.count > ValueBuffer.largestCopy) {
            defer {
                ring.consume(record)
                ring.endGet()
            }
            return try decode(record)
        }
        let buffer = spare.take() ?? ValueBuffer()
        defer { keep(buffer) }
        buffer.bytes.append(bytes: UnsafeRawBufferPointer(record.first))
        buffer.bytes.append(bytes: UnsafeRawBufferPointer(record.second))
        ring.consume(record)
        ring.endGet()
        return try decode(buffer.bytes.readable)
    }

    /// Takes the available values, at most `count`, as soon as there is one; none on a timeout.
    func get(upTo count: Int, until deadline: Deadline) throws(MultiprocessingError) -> [Element] {
        try requireOpen(for: "get from")
        guard count > 0, !(deadline.hasPassed && ring.count == 0), var record = try ring.beginGet(until: deadline)
        else {
            return []
        }
        defer { ring.endGet() }
        var elements: [Element] = []
        while true {
            do {
                elements.append(try decode(record))
            } catch {
                if elements.isEmpty {
                    ring.consume(record)
                    throw error
                }
                // The next consumer finds the value again, and gets the error.
                ring.claim(nil)
                return elements
            }
            ring.consume(record)
            guard elements.count < count, let next = try? ring.nextRecord() else { return elements }
            record = next
        }
    }

    /// Adds a value's record to the buffer.
    private func append(_ element: Element, to buffer: ValueBuffer) throws(MultiprocessingError) {
        let start = buffer.bytes.count
        buffer.bytes.append(UInt64(0))
        do {
            if coder.isLeaf {
                try coder.encode(element, into: &buffer.bytes)
            } else {
                try DescriptorTransfer.refusing { try coder.encode(element, into: &buffer.bytes) }
            }
        } catch {
            throw MultiprocessingError.encoding(a: Element.self, error)
        }
        let valueBytes = UInt64(buffer.bytes.count - start) - ValueRing.headerBytes
        let recordBytes = ValueRing.recordBytes(forValueOf: valueBytes)
        guard recordBytes <= ring.largestRecord else {
            throw MultiprocessingError(
                .encodingFailed, "a \(Element.self) of \(valueBytes) bytes is larger than the whole queue")
        }
        buffer.bytes.patch(valueBytes, at: start)
        let padding = Int(recordBytes - ValueRing.headerBytes - valueBytes)
        if padding > 0 {
            buffer.bytes.prepareToWrite(atLeast: 8).storeBytes(of: 0, as: UInt64.self)
            buffer.bytes.commit(padding)
        }
    }

    /// Decodes a value in place, or as a whole if it is in two places.
    private func decode(_ record: RingRecord) throws(MultiprocessingError) -> Element {
        if !coder.isLeaf {
            ring.claim(record)
        }
        if record.second.isEmpty {
            return try decode(UnsafeRawBufferPointer(record.first))
        }
        var whole = ByteBuffer()
        whole.append(bytes: UnsafeRawBufferPointer(record.first))
        whole.append(bytes: UnsafeRawBufferPointer(record.second))
        return try decode(whole.readable)
    }

    private func decode(_ bytes: UnsafeRawBufferPointer) throws(MultiprocessingError) -> Element {
        do {
            return try coder.decode(bytes)
        } catch {
            throw MultiprocessingError(.decodingFailed, "a value in the queue is not a \(Element.self): \(error)")
        }
    }

    private func keep(_ buffer: ValueBuffer) {
        buffer.bytes.removeAll()
        spare.keep(buffer)
    }
}

/// The bytes of a value on its way into or out of a ring.
private final class ValueBuffer {
    // Only one call uses it at a time.
    @exclusivity(unchecked) var bytes = ByteBuffer()

    /// A larger value is decoded in place, while the lock is held; a smaller one is copied.
    static let largestCopy = 8 << 20
}

extension ValueBuffer: ReusableSession {
    var isReusable: Bool { true }

    func close() {}
}
