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
    /// No client of this library would send it: the connection is closed.
    case malformed
    /// The reason, which is sent to the caller.
    case refused(String)
}

/// An object that the server holds for its clients.
class ServedObject {
    let kind: ManagerServerObjectKind

    init(_ kind: ManagerServerObjectKind) {
        self.kind = kind
    }

    /// Carries out a request: replies, keeps a `Waiter`, or throws.
    func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        throw .malformed
    }

    /// Removes a request from the line, because its time is up or its client has gone.
    func withdraw(_ waiter: Waiter, isTimedOut: Bool) {}

    /// Takes back an item that was sent to a client that ended without reading the reply.
    func takeBack(_ bytes: [UInt8]) {}

    /// The process that held this object has ended.
    func recover() {}

    /// Removes and returns all waiters.
    func takeWaiters() -> [Waiter] { [] }

    /// Whether a proxy of this kind can refer to the object.
    func isOf(_ kind: ManagerServerObjectKind) -> Bool {
        kind == self.kind
    }
}

extension ItemReader {
    /// The next item, which must exist.
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
