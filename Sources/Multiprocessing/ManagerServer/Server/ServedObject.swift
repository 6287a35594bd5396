/// One request, without its arguments.
struct ServedRequest {
    let operation: ManagerServerOperation
    let isImpatient: Bool
    let thread: UInt64
    let client: ServedClient
    let session: ServedSession
}

/// Why a request is not carried out.
enum RequestFault: Error {
    /// No client of this library would send it: the connection is ended.
    case malformed
    /// The caller is told why.
    case refused(String)
}

/// Something that the server holds for its clients.
class ServedObject {
    let kind: ManagerServerObjectKind

    init(_ kind: ManagerServerObjectKind) {
        self.kind = kind
    }

    /// Carries a request out: replies, keeps a `Waiter`, or throws.
    func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        throw .malformed
    }

    /// Takes a request out of the line, because its time is over or its client has gone.
    func withdraw(_ waiter: Waiter, isTimedOut: Bool) {}

    /// Gets back what was handed to a client that ended without reading the reply.
    func takeBack(_ bytes: [UInt8]) {}

    /// Is let go of by a process that ended while it held this.
    func recover() {}

    /// All who wait; they then do no longer.
    func takeWaiters() -> [Waiter] { [] }

    /// Whether a proxy of this kind is one for the object.
    func isOf(_ kind: ManagerServerObjectKind) -> Bool {
        kind == self.kind
    }
}

extension ItemReader {
    /// The next item, which there must be.
    @inline(__always)
    mutating func requiredItem() throws(RequestFault) -> UnsafeRawBufferPointer {
        guard let item = item() else { throw .malformed }
        return item
    }

    @inline(__always)
    mutating func requiredBytes() throws(RequestFault) -> [UInt8] {
        Array(try requiredItem())
    }

    @inline(__always)
    mutating func required<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type
    ) throws(RequestFault) -> Number {
        guard let number = number(type) else { throw .malformed }
        return number
    }

    mutating func requiredText() throws(RequestFault) -> String {
        guard let text = text() else { throw .malformed }
        return text
    }
}
