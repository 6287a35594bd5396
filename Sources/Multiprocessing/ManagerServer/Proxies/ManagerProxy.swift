/// What stands for an object in a manager server: the base of all proxies.
///
/// A proxy is thread-safe, works in every process that it gets to, and is `Codable` for any coder: it encodes the
/// server's address and key, and the object's number. So who can read the encoding can use all of the server's
/// objects. Two proxies are equal when they stand for the same object.
///
/// Every call throws `managerDied` when the server has ended, and `requestFailed` when the object was removed or
/// refuses what it is asked; `encodingFailed` and `decodingFailed` where a value cannot be turned into bytes or back. A
/// value that has descriptors cannot be kept in a manager server.
///
/// The corresponding Python API is `multiprocessing.managers.BaseProxy`.
public class ManagerProxy: Codable, Hashable, CustomStringConvertible, @unchecked Sendable {
    class var kind: ManagerServerObjectKind { preconditionFailure("a proxy of no kind") }

    final let link: ManagerServerLink
    final let object: UInt64

    required init(link: ManagerServerLink, object: UInt64) {
        self.link = link
        self.object = object
    }

    /// Takes the proxy out of what it was encoded to; it connects when it is first used.
    ///
    /// Throws when it is one of another kind of object.
    public required init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        guard try container.decode(UInt8.self) == Self.kind.rawValue else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no proxy of a \(Self.kind)")
        }
        object = try container.decode(UInt64.self)
        let server = try container.decode(UInt64.self)
        let pid = try container.decode(Int32.self)
        let key = try AuthenticationKey(bytes: try container.decode([UInt8].self))
        let (host, port) = (try container.decode(String.self), try container.decode(UInt16?.self))
        link = .to(port.map { .tcp(host, $0) } ?? .unix(host), key, server: server, pid: pid)
    }

    /// Encodes all that another process needs to use the object, the key among it.
    public final func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(Self.kind.rawValue)
        try container.encode(object)
        try container.encode(link.server)
        try container.encode(link.serverPID)
        try container.encode(link.key.bytes)
        switch link.address {
        case .unix(let path):
            try container.encode(path)
            try container.encode(UInt16?.none)
        case .tcp(let host, let port):
            try container.encode(host)
            try container.encode(UInt16?.some(port))
        }
    }

    /// Whether both stand for the same object.
    public static func == (left: ManagerProxy, right: ManagerProxy) -> Bool {
        left.object == right.object && left.link.server == right.link.server
    }

    /// Adds what `==` compares.
    public final func hash(into hasher: inout Hasher) {
        hasher.combine(object)
        hasher.combine(link.server)
    }

    /// What it is, which one, and where.
    public final var description: String {
        "\(type(of: self)) \(object) of the manager at \(link.address)"
    }
}

// What the proxies ask, put once: `perform` for what has no result, the others by their result.
extension ManagerProxy {
    typealias Arguments = (inout ByteBuffer) throws(MultiprocessingError) -> Void

    @inline(__always)
    final func perform(
        _ operation: ManagerServerOperation, _ write: Arguments = { (_) throws(MultiprocessingError) in }
    )
        throws(MultiprocessingError)
    {
        try link.call(operation, on: object, write) { _, _ throws(MultiprocessingError) in }
    }

    /// Whether the answer was yes.
    @inline(__always)
    final func ask(_ operation: ManagerServerOperation, _ write: Arguments = { (_) throws(MultiprocessingError) in })
        throws(MultiprocessingError) -> Bool
    {
        try link.call(operation, on: object, write) { status, _ throws(MultiprocessingError) in status == .done }
    }

    /// A value, or nil where there is none.
    @inline(__always)
    final func fetch<Value>(
        _ operation: ManagerServerOperation, _ coder: MessageCoder<Value>,
        _ write: Arguments = { (_) throws(MultiprocessingError) in }
    ) throws(MultiprocessingError) -> Value? {
        try link.call(operation, on: object, write) { status, results throws(MultiprocessingError) in
            status == .absent ? nil : try results.value(coder)
        }
    }

    /// All values of the reply.
    final func fetchAll<Value>(
        _ operation: ManagerServerOperation, _ coder: MessageCoder<Value>,
        _ write: Arguments = { (_) throws(MultiprocessingError) in }
    ) throws(MultiprocessingError) -> [Value] {
        try link.call(operation, on: object, write) { _, results throws(MultiprocessingError) in
            try results.values(coder)
        }
    }

    /// A number.
    final func count(_ operation: ManagerServerOperation) throws(MultiprocessingError) -> Int {
        try link.call(operation, on: object) { _, results throws(MultiprocessingError) in
            Int(try results.result(Int64.self))
        }
    }

    /// Whether what was waited for came in time.
    final func wait(
        _ operation: ManagerServerOperation, _ timeout: Duration?
    ) throws(MultiprocessingError) -> Bool {
        try link.wait(operation, on: object, timeout) { status, _ throws(MultiprocessingError) in
            status != .timedOut
        }
    }

    /// Reads a value, has it changed, and sets it if nobody else has set it in between; else once more.
    ///
    /// - Parameter place: appends the key or the index.
    final func update<Value, Result>(
        _ coder: MessageCoder<Value>, at place: Arguments, _ change: (inout Value?) throws -> Result
    ) throws -> Result {
        try update(.getStamped, .exchange, at: place) { results throws(MultiprocessingError) in
            results.isAtEnd ? nil : try results.value(coder)
        } writing: { value, arguments throws(MultiprocessingError) in
            if let value { try arguments.append(value, coder) }
        } changing: { value in
            try change(&value)
        }
    }

    /// Reads a state with its stamp, has it changed, and exchanges it if nobody else has changed it in between; else once
    /// more.
    final func update<State, Result>(
        _ get: ManagerServerOperation, _ exchange: ManagerServerOperation,
        at place: Arguments = { (_) throws(MultiprocessingError) in },
        reading read: (inout ItemReader) throws(MultiprocessingError) -> State,
        writing write: (State, inout ByteBuffer) throws(MultiprocessingError) -> Void,
        changing change: (inout State) throws -> Result
    ) throws -> Result {
        func readStamped(_ results: inout ItemReader) throws(MultiprocessingError) -> (stamp: UInt64, state: State) {
            (try results.result(UInt64.self), try read(&results))
        }
        var current = try link.call(get, on: object, place) { _, results throws(MultiprocessingError) in
            try readStamped(&results)
        }
        while true {
            var state = current.state
            let result = try change(&state)
            let (stamp, changed) = (current.stamp, state)
            let newer = try link.call(exchange, on: object) { (arguments) throws(MultiprocessingError) in
                try place(&arguments)
                arguments.append(stamp)
                try write(changed, &arguments)
            } _: { status, results throws(MultiprocessingError) in
                status == .conflict ? try readStamped(&results) : nil
            }
            guard let newer else { return result }
            current = newer
        }
    }
}
