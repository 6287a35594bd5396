import CMultiprocessing
import Glibc
import SystemPackage

/// Objects in a process of their own, which any number of other processes use through proxies.
///
///     let manager = try Manager()
///     let totals = try manager.dictionary(of: String.self, Int.self)
///     let child = Process { try totals.update("a") { $0 = ($0 ?? 0) + 1 } }
///     try child.start()
///     try child.join()
///     try totals.get("a")                                      // 1
///
/// The `Manager` forks a server process, which holds the objects. A proxy is an address, a number and a key; it works in
/// every process that it gets to: in children that are forked later, in those that are sent it over a `Connection`, and
/// where it lies in another proxy's object. Each process opens its own connections. Values are kept as the bytes that
/// they are encoded to, so the server needs to know no types but those that are registered (`RegisteredType`).
///
/// One request is carried out at a time and whole, or not at all. Two calls are two requests: between `get` and `set`
/// others may set; `update` on a dictionary, a list or a value is for that.
///
/// When the server dies, its objects are gone, and every call in every process, also one that waits, throws
/// `managerDied`. A process that dies takes no others with it: a lock that it had goes to the next, who is told, and what
/// it waited for is forgotten, and an item of a queue that it was handed and has not read goes to another. The server ends
/// when this process ends, in whatever way, and its socket's name goes with it.
///
/// Objects live as long as the server, or until `remove(_:)`. Python counts references across processes instead, and
/// keeps an object for ever that a killed process has held.
///
/// A `Manager` belongs to the thread that made it, its proxies to all. The corresponding Python API is
/// `multiprocessing.Manager`, which makes a `multiprocessing.managers.SyncManager`.
public final class Manager {
    /// Where the server listens.
    ///
    /// The corresponding Python API is `multiprocessing.managers.BaseManager.address`.
    public var address: Address { link.address }
    /// What a process that was not handed a proxy needs to connect.
    ///
    /// The corresponding Python notion is the `authkey` of `multiprocessing.managers.BaseManager`.
    public var authenticationKey: AuthenticationKey { link.key }
    /// The server's process.
    ///
    /// Python has it as `multiprocessing.managers.BaseManager._process.pid`.
    public var pid: Int32 { link.serverPID }

    let link: ManagerServerLink
    private let server: ManagerServerProcess?

    /// Forks the server and waits until it listens.
    ///
    /// - Parameters:
    ///   - address: nil stands for a Unix socket in a new directory that only this user may enter.
    ///   - authenticationKey: what every process must know that connects; proxies carry it with them.
    ///   - types: those whose instances the server can make. What their closures capture is copied with the fork.
    ///   - initializer: runs in the server before it serves anyone: opens what the types use, sets what they read.
    ///
    /// Throws `multipleThreads` in a process with more than one thread, `invalidState` when two types have one name,
    /// `systemCallFailed` as when the address is in use, `initializerFailed` with the text of what the initializer throws,
    /// `managerDied` when the server ends before it listens.
    /// The corresponding Python API is `multiprocessing.managers.BaseManager.start(initializer, initargs)`.
    public convenience init(
        address: Address? = nil, authenticationKey: AuthenticationKey = AuthenticationKey(),
        registering types: [any ManagedType] = [], initializer: @escaping () throws -> Void = {}
    ) throws(MultiprocessingError) {
        let types = try servedTypes(types)
        let place = address.map { BoundSocket.Place.address($0) } ?? .fresh
        try self.init(at: place, authenticationKey) { control throws(MultiprocessingError) in
            try ManagerServerProcess.fork(at: place, authenticationKey, types, initializer, reportingTo: control)
        }
    }

    /// Starts the server as `start` says.
    init(
        at place: BoundSocket.Place, _ key: AuthenticationKey,
        _ start: (Int32) throws(MultiprocessingError) -> ProcessHandle
    ) throws(MultiprocessingError) {
        let server = try ManagerServerProcess(at: place, start)
        self.server = server
        link = .to(server.address, key, server: server.identity, pid: server.pid)
    }

    private init(_ link: ManagerServerLink) {
        self.link = link
        server = nil
    }

    deinit {
        shutdown()
    }

    /// Connects to the server of a `Manager` that another process has made.
    ///
    /// The result makes and finds objects as the other does; it cannot shut the server down.
    ///
    /// Blocks until the server has answered, at most for `timeout`; nil for ever.
    ///
    /// Throws `authenticationFailed` when the key is not the server's, `timedOut`, `systemCallFailed` when nobody
    /// listens there, `endOfFile` when the other end is no manager server. The corresponding Python API is
    /// `multiprocessing.managers.BaseManager.connect`.
    public static func connect(
        to address: Address, authenticationKey: AuthenticationKey, timeout: Duration? = .seconds(10)
    ) throws(MultiprocessingError) -> Manager {
        Manager(try ManagerServerLink.connect(to: address, authenticationKey, until: Deadline(after: timeout)))
    }

    /// Makes a `Manager`, hands it to `body`, and shuts it down when `body` returns or throws.
    ///
    /// The parameters are those of the `Manager`. The corresponding Python API is
    /// `with multiprocessing.Manager() as manager`.
    public static func with<Result>(
        address: Address? = nil, authenticationKey: AuthenticationKey = AuthenticationKey(),
        registering types: [any ManagedType] = [], initializer: @escaping () throws -> Void = {},
        _ body: (Manager) throws -> Result
    ) throws -> Result {
        let manager = try Manager(
            address: address, authenticationKey: authenticationKey, registering: types, initializer: initializer)
        defer { manager.shutdown() }
        return try body(manager)
    }

    /// Ends the server, and with it all objects, and removes its socket's name.
    ///
    /// Blocks until the server has ended; one that does not end within a second, as in a method that does not return, is
    /// made to. Does nothing in a process that has not made the `Manager`, or when it was called before.
    ///
    /// The corresponding Python API is `multiprocessing.managers.BaseManager.shutdown`.
    public func shutdown() {
        server?.end()
    }

    // MARK: Objects

    /// Takes an object out of the server; its proxies then throw `requestFailed`.
    ///
    /// Whoever waits there is told so. Returns whether the object was there. In Python an object goes with its last
    /// proxy.
    @discardableResult
    public func remove(_ proxy: ManagerProxy) throws(MultiprocessingError) -> Bool {
        try requireOwn(proxy)
        return try link.call(.remove, on: 0) { (arguments) throws(MultiprocessingError) in
            arguments.append(proxy.object)
        } _: { status, _ throws(MultiprocessingError) in
            status == .done
        }
    }

    /// Makes an object known by a name, for processes that connect and were handed no proxy.
    ///
    /// A name that was given before is given anew. The corresponding Python notion is a callable that is registered with
    /// `BaseManager.register`.
    public func publish(_ proxy: ManagerProxy, as name: String) throws(MultiprocessingError) {
        try requireOwn(proxy)
        try link.call(.publish, on: 0) { (arguments) throws(MultiprocessingError) in
            arguments.append(proxy.object)
            arguments.append(item: name)
        } _: { _, _ throws(MultiprocessingError) in
        }
    }

    /// A proxy of an object that was published; nil where there is none of this name.
    ///
    /// What the object holds must be of the proxy's types: the server knows only whether it is a dictionary, a list or
    /// what else. Throws `requestFailed` when it is another of these. The corresponding Python notion is the method that
    /// `BaseManager.register` adds.
    public func find<Proxy: ManagerProxy>(
        _ name: String, as type: Proxy.Type = Proxy.self
    ) throws(MultiprocessingError) -> Proxy? {
        let object = try link.call(.find, on: 0) { (arguments) throws(MultiprocessingError) in
            arguments.append(type.kind.rawValue)
            arguments.append(item: name)
        } _: { status, results throws(MultiprocessingError) in
            status == .absent ? nil : try results.result(UInt64.self)
        }
        return object.map { Proxy(link: link, object: $0) }
    }

    /// How many objects the server holds.
    ///
    /// The corresponding Python API is `multiprocessing.managers.BaseManager._number_of_objects`.
    public var objectCount: Int {
        get throws(MultiprocessingError) {
            try link.call(.objectCount, on: 0) { _, results throws(MultiprocessingError) in
                Int(try results.result(Int64.self))
            }
        }
    }

    func requireOwn(_ proxy: ManagerProxy) throws(MultiprocessingError) {
        guard proxy.link.server == link.server else {
            throw MultiprocessingError(.invalidState, "the proxy is of another manager, at \(proxy.link.address)")
        }
    }

    /// Makes an object of a kind; the closure appends what the kind wants to know.
    func make<Proxy: ManagerProxy>(
        _ kind: ManagerServerObjectKind = Proxy.kind,
        _ write: (inout ByteBuffer) throws(MultiprocessingError) -> Void = { (_) throws(MultiprocessingError) in }
    ) throws(MultiprocessingError) -> Proxy {
        let object = try link.call(.make, on: 0) { (arguments) throws(MultiprocessingError) in
            arguments.append(kind.rawValue)
            try write(&arguments)
        } _: { _, results throws(MultiprocessingError) in
            try results.result(UInt64.self)
        }
        return Proxy(link: link, object: object)
    }
}

extension Manager: Waitable {
    /// Ready when the server has ended; never in a process that has not made the `Manager`.
    public var waitState: WaitState {
        server?.waitState ?? .never
    }
}

extension Manager: CustomStringConvertible {
    /// Where its server listens, and its process: `Manager(/tmp/…, process 123)`.
    ///
    /// Asks nobody, and does not block; the key is not in it.
    public var description: String {
        "Manager(\(address), process \(pid))"
    }
}
