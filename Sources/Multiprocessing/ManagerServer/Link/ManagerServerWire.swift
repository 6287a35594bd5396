import Glibc

// The protocol between clients and a manager server
// ===========================================================
//
// After the handshake a client sends requests, each a header and its arguments, and gets one reply to each, a header
// and the results. There is at most one request under way on a connection. The exception is `cancel`, which asks the
// server to answer the request that it is holding back; it has no reply of its own.
//
//     request = length:UInt32 operation:UInt16 flags:UInt16 object:UInt64 thread:UInt64 arguments
//     reply   = length:UInt64 status:UInt64 results
//     item    = length:UInt32 bytes                 a value as `MessageCoder` writes it, or a text
//
// Arguments and results are numbers and items in the order that each operation defines. Everything is little endian.

/// A client's request, with its arguments and results.
enum ManagerServerOperation: UInt16 {
    // Operations of the server itself.
    /// The first request of a connection: server:UInt64 session:UInt64 → server:UInt64 pid:Int64.
    case hello
    /// Answer the waiting request.
    case cancel
    /// kind:UInt8, then what the kind requires → object:UInt64.
    case make
    case remove
    /// name:item.
    case publish
    /// kind:UInt8 name:item → object:UInt64.
    case find
    /// → count:Int64.
    case objectCount

    // Operations of several kinds of objects.
    /// A key or an index → value:item.
    case get = 0x100
    /// A key or an index, value:item.
    case set
    /// A key or an index → value:item.
    case pop
    /// The same, without a result.
    case delete
    /// A key or a value.
    case contains
    case count
    case clear
    /// A key or an index → stamp:UInt64, value:item unless it is absent.
    case getStamped
    /// A key or an index, stamp:UInt64, value:item unless it shall be absent → `conflict`: as `getStamped`.
    case exchange
    /// All values → items.
    case values

    // Operations of dictionaries.
    /// (key:item value:item)*.
    case update = 0x200
    /// key:item value:item → value:item.
    case setDefault
    case keys
    /// → (key:item value:item)*.
    case items
    /// → key:item value:item.
    case popLast
    /// key:item*, → for each 0:UInt8, or 1:UInt8 value:item.
    case getMany

    // Operations of lists.
    /// value:item*.
    case append = 0x300
    /// index:Int64 value:item.
    case insert
    /// value:item → index:Int64.
    case index
    case removeValue
    case reverse
    /// from:Int64 to:Int64 → value:item*.
    case slice
    /// from:Int64 to:Int64 value:item*.
    case replace
    /// value:item → count:Int64.
    case countValue
    /// → stamp:UInt64 value:item*.
    case getAllStamped
    /// stamp:UInt64 value:item* → `conflict`: as `getAllStamped`.
    case exchangeAll

    // Operations of queues.
    case put = 0x400
    case take
    case taskDone
    case join
    /// → count:Int64 limit:Int64.
    case state

    // Operations of locks, semaphores, events, conditions and barriers.
    case acquire = 0x500
    /// count:Int64 for semaphores.
    case release
    case isHeld
    case raise
    case lower
    case isRaised
    /// → index:Int64 at barriers.
    case wait
    /// count:Int64.
    case notify
    case reset
    case abort
    /// → waiting:Int64 isBroken:UInt8 parties:Int64 timeout:UInt64.
    case barrierState

    // Operations of instances of registered types.
    /// method:item argument:item → result:item.
    case call = 0x600
}

/// The kind of an object in a server.
enum ManagerServerObjectKind: UInt8, Codable {
    case dictionary, namespace, list, array, value, queue, lock, recursiveLock, semaphore, event, condition, barrier
    case instance
}

/// How a request ended.
enum ManagerServerStatus: UInt64 {
    case done
    /// There is no such key or element.
    case absent
    /// The time was up, or the request would have had to wait and may not.
    case timedOut
    /// The caller has the lock, and the previous holder ended while holding it.
    case recovered
    /// The barrier is broken.
    case broken
    /// It has changed since it was read.
    case conflict
    /// item: the reason.
    case refused
}

struct ManagerServerRequest: BitwiseCopyable {
    static let byteCount = 24
    /// The maximum size of a request's arguments in bytes; a client that announces more is not one of this library.
    static let maximumArgumentBytes = 1 << 30
    static let impatient: UInt16 = 1

    var argumentBytes: UInt32 = 0
    let operation: UInt16
    let flags: UInt16
    let object: UInt64
    let thread: UInt64

    init(_ operation: ManagerServerOperation, on object: UInt64, isImpatient: Bool) {
        self.operation = operation.rawValue
        flags = isImpatient ? ManagerServerRequest.impatient : 0
        self.object = object
        thread = UInt64(pthread_self())
    }
}

struct ManagerServerReply: BitwiseCopyable {
    static let byteCount = 16

    var resultBytes: UInt64 = 0
    let status: UInt64

    init(_ status: ManagerServerStatus) {
        self.status = status.rawValue
    }
}

extension ByteBuffer {
    /// Appends bytes as an item.
    mutating func append(item: UnsafeRawBufferPointer) {
        append(UInt32(truncatingIfNeeded: item.count))
        append(bytes: item)
    }

    mutating func append(item: [UInt8]) {
        item.withUnsafeBytes { append(item: $0) }
    }

    mutating func append(item: String) {
        var text = item
        text.withUTF8 { append(item: UnsafeRawBufferPointer($0)) }
    }

    /// Appends a value as an item; if it throws, a part may remain.
    mutating func append<Value>(_ value: Value, _ coder: MessageCoder<Value>) throws(MultiprocessingError) {
        let start = count
        append(UInt32(0))
        do {
            try coder.encode(value, into: &self)
        } catch {
            throw MultiprocessingError.encoding(a: Value.self, error)
        }
        let length = count - start - 4
        guard length <= ManagerServerRequest.maximumArgumentBytes else {
            throw MultiprocessingError(.encodingFailed, "a \(Value.self) of \(length) bytes is too large for a manager")
        }
        patch(UInt32(length), at: start)
    }
}

/// Reads arguments or results; returns nil past the end.
struct ItemReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool {
        offset == bytes.count
    }

    @inline(__always)
    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> Number? {
        guard MemoryLayout<Number>.size <= bytes.count - offset else { return nil }
        defer { offset += MemoryLayout<Number>.size }
        return bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }

    @inline(__always)
    mutating func item() -> UnsafeRawBufferPointer? {
        guard let length = number(UInt32.self), Int(length) <= bytes.count - offset else { return nil }
        defer { offset += Int(length) }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)])
    }

    mutating func text() -> String? {
        item().flatMap { String(exactly: $0) }
    }
}
