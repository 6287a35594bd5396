/// A reference to an object in a manager server: the base of all proxies.
///
/// A proxy is thread-safe, works in every process that gets it, and is `Codable` with any coder: it encodes the
/// server's address and key, and the object's number. So anyone who can read the encoding can use all of the server's
/// objects. Two proxies are equal if they refer to the same object.
///
/// Every call throws `managerDied` if the server has ended, `requestFailed` if the object was removed or refuses the
/// request, and `encodingFailed` or `decodingFailed` if a value cannot be encoded or decoded. A value that has
/// descriptors cannot be stored in a manager server.
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

    /// Decodes the proxy; it connects on first use.
    ///
    /// Throws if it is a proxy of another kind of object.
    public required init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        guard try container.decode(UInt8.self) == Self.kind.rawValue else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a proxy of a \(Self.kind)")
        }
        object = try container.decode(UInt64.self)
        let server = try container.decode(UInt64.self)
        let pid = try container.decode(Int32.self)
        let key = try AuthenticationKey(bytes: try container.decode([UInt8].self))
        let (host, port) = (try container.decode(String.self), try container.decode(UInt16?.self))
        link = .to(port.map { .tcp(host, $0) } ?? .unix(host), key, server: server, pid: pid)
    }

    /// Encodes everything that another process needs to use the object, including the key.
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

    /// Whether both refer to the same object.
    public static func == (left: ManagerProxy, right: ManagerProxy) -> Bool {
        left.object == right.object && left.link.server == right.link.server
    }

    /// Hashes what `==` compares.
    public final func hash(into hasher: inout Hasher) {
        hasher.combine(object)
        hasher.combine(link.server)
    }

    /// Its type, its number, and its server's address.
    public final var description: String {
        "\(type(of: self)) \(object) of the manager at \(link.address)"
    }
}

// The requests of the proxies: `perform` for those without a result, the others by their result.
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

    /// A value, or nil if there is none.
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

    /// Whether the awaited event happened in time.
    final func wait(
        _ operation: ManagerServerOperation, _ timeout: Duration?
    ) throws(MultiprocessingError) -> Bool {
        try link.wait(operation, on: object, timeout) { status, _ throws(MultiprocessingError) in
            status != .timedOut
        }
    }

    /// Reads a value, applies the change, and stores it if it was not changed meanwhile; otherwise tries again.
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

    /// Reads a state with its stamp, applies the change, and exchanges it if it was not changed meanwhile; otherwise
    /// tries again.
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
