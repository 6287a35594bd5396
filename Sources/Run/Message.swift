import Ground
import SystemPackage

/// A value inside tasks and answers: plain memory, one value after the other.
///
/// Writer and reader are the same program, one forked from the other, so fields need no names and no byte order.
package protocol Message {
    init(from message: inout MessageReader) throws(PoolmapError)
    func write(to message: inout MessageWriter)
}

extension Message where Self: BitwiseCopyable {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        self = try message.next()
    }

    package func write(to message: inout MessageWriter) {
        message.add(self)
    }
}

/// Puts values into a message.
package struct MessageWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {
        bytes.reserveCapacity(256)
    }

    package mutating func add<Value: BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    package mutating func add<Element: BitwiseCopyable>(each elements: [Element]) {
        add(elements.count)
        elements.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    package mutating func add(text: String) {
        add(each: Array(text.utf8))
    }

    /// Adds a list whose elements are not plain memory, calling `write` for each.
    package mutating func add<Element>(list: [Element], _ write: (Element, inout MessageWriter) -> Void) {
        add(list.count)
        for element in list {
            write(element, &self)
        }
    }

    package mutating func add(optional value: (some Message)?) {
        add(value != nil)
        value?.write(to: &self)
    }
}

/// Takes values out of a message, in the order in which they were put in.
package struct MessageReader {
    private let bytes: [UInt8]
    private var place = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package mutating func next<Value: BitwiseCopyable>(_: Value.Type = Value.self) throws(PoolmapError) -> Value {
        let start = try advance(over: MemoryLayout<Value>.size)
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Value.self) }
    }

    package mutating func nextArray<Element: BitwiseCopyable>(
        of _: Element.Type = Element.self
    ) throws(PoolmapError) -> [Element] {
        let count: Int = try next()
        let (byteCount, overflowed) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard count >= 0, !overflowed else { throw MessageReader.isShort }
        let start = try advance(over: byteCount)
        return Array(unsafeUninitializedCapacity: count) { space, initializedCount in
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(space).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[start..<start + byteCount]))
            }
            initializedCount = count
        }
    }

    package mutating func nextText() throws(PoolmapError) -> String {
        String(decoding: try nextArray(of: UInt8.self), as: UTF8.self)
    }

    /// Takes a list whose elements are read one by one by `read`.
    package mutating func nextList<Element>(
        _ read: (inout MessageReader) throws(PoolmapError) -> Element
    ) throws(PoolmapError) -> [Element] {
        let count: Int = try next()
        guard count >= 0 else { throw MessageReader.isShort }
        var list: [Element] = []
        for _ in 0..<count {
            list.append(try read(&self))
        }
        return list
    }

    package mutating func nextOptional<Value: Message>(_: Value.Type = Value.self) throws(PoolmapError) -> Value? {
        try next(Bool.self) ? try Value(from: &self) : nil
    }

    private mutating func advance(over byteCount: Int) throws(PoolmapError) -> Int {
        guard bytes.count - place >= byteCount else { throw MessageReader.isShort }
        defer { place += byteCount }
        return place
    }

    private static let isShort = PoolmapError(.failed, "internal error: a message between processes is too short")
}

extension PoolmapError: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        let code = try message.nextText()
        let text = try message.nextText()
        let number: Int32? = try message.next()
        self.init(Code(rawValue: code) ?? .failed, text, errno: number.map { Errno(rawValue: $0) })
    }

    package func write(to message: inout MessageWriter) {
        message.add(text: code.rawValue)
        message.add(text: self.message)
        message.add(errno)
    }
}
