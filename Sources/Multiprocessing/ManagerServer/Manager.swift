import CMultiprocessing
import Glibc
import SystemPackage

/// Objects in a separate server process, which any number of other processes use through proxies.
///
///     let manager = try Manager()
///     let totals = try manager.dictionary(of: String.self, Int.self)
///     let child = Process { try totals.update("a") { $0 = ($0 ?? 0) + 1 } }
///     try child.start()
///     try child.join()
///     try totals.get("a")                                      // 1
///
/// A `Manager` forks a server process, which holds the objects. A proxy is an address, a number and a key. It works in
/// every process that gets it: in children forked later, in processes that receive it over a `Connection`, and when it
/// is stored in another proxy's object. Each process opens its own connections. Values are kept in encoded form, so the
/// server needs to know no types except registered ones (`RegisteredType`).
///
/// Requests are carried out one at a time, each completely or not at all. Two calls are two requests: between `get` and
/// `set` other processes may set; use `update` on a dictionary, a list or a value instead.
///
/// When the server dies, its objects are lost, and every call in every process, even one that is waiting, throws
/// `managerDied`. When a client dies, no other process is affected: its locks go to the next waiter, which is told so;
/// its waiting requests are dropped; and an item of a queue that was sent to it and not read goes to another process.
/// The server ends when this process ends, for whatever reason, and its socket's name is removed.
///
/// Objects live as long as the server, or until `remove(_:)`. Python counts references across processes instead, and
/// never frees an object that a killed process has held.
///
/// A `Manager` belongs to the thread that made it; its proxies may be used by all threads. The corresponding Python API
/// is `multiprocessing.Manager`, which makes a `multiprocessing.managers.SyncManager`.
public final class Manager {
    /// The address at which the server listens.
    ///
    /// The corresponding Python API is `multiprocessing.managers.BaseManager.address`.
    public var address: Address { link.address }
    /// The key that a process without a proxy needs to connect.
    ///
    /// The corresponding Python notion is the `authkey` of `multiprocessing.managers.BaseManager`.
    public var authenticationKey: AuthenticationKey { link.key }
    /// The server's process ID.
    ///
    /// In Python it is `multiprocessing.managers.BaseManager._process.pid`.
    public var pid: Int32 { link.serverPID }

    let link: ManagerServerLink
    private let server: ManagerServerProcess?

    /// Forks the server and waits until it listens.
    ///
    /// - Parameters:
    ///   - address: nil stands for a Unix socket in a new directory that only this user may enter.
    ///   - authenticationKey: the key that every connecting process needs; proxies carry it with them.
    ///   - types: types whose instances the server can make. The fork copies what their closures capture.
    ///   - initializer: runs in the server before it serves requests, for example to open what the types use.
    ///
    /// Throws `multipleThreads` in a process with more than one thread, `invalidState` if two types have the same name,
    /// `systemCallFailed` for example if the address is in use, `initializerFailed` with the text of the initializer's
    /// error, and `managerDied` if the server ends before it listens.
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

    /// Starts the server with `start`.
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
    /// The result can make and find objects like the original; it cannot shut the server down.
    ///
    /// Blocks until the server has answered, for at most `timeout`; nil waits forever.
    ///
    /// Throws `authenticationFailed` if the key is not the server's, `timedOut`, `systemCallFailed` if no process
    /// listens there, and `endOfFile` if the other end is not a manager server. The corresponding Python API is
    /// `multiprocessing.managers.BaseManager.connect`.
    public static func connect(
        to address: Address, authenticationKey: AuthenticationKey, timeout: Duration? = .seconds(10)
    ) throws(MultiprocessingError) -> Manager {
        Manager(try ManagerServerLink.connect(to: address, authenticationKey, until: Deadline(after: timeout)))
    }

    /// Makes a `Manager`, passes it to `body`, and shuts it down when `body` returns or throws.
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

    /// Ends the server with all its objects, and removes its socket's name.
    ///
    /// Blocks until the server has ended; a server that does not end within a second, for example because a method does
    /// not return, is killed. Does nothing in a process that did not make the `Manager`, or if it was called before.
    ///
    /// The corresponding Python API is `multiprocessing.managers.BaseManager.shutdown`.
    public func shutdown() {
        server?.end()
    }

    // MARK: Objects

    /// Removes an object from the server; its proxies then throw `requestFailed`.
    ///
    /// Waiting requests get that error too. Returns whether the object existed. In Python an object is removed with its
    /// last proxy.
    @discardableResult
    public func remove(_ proxy: ManagerProxy) throws(MultiprocessingError) -> Bool {
        try requireOwn(proxy)
        return try link.call(.remove, on: 0) { (arguments) throws(MultiprocessingError) in
            arguments.append(proxy.object)
        } _: { status, _ throws(MultiprocessingError) in
            status == .done
        }
    }

    /// Publishes an object under a name, for connecting processes that have no proxy of it.
    ///
    /// Publishing under a name again replaces the object. The corresponding Python notion is a callable that is
    /// registered with `BaseManager.register`.
    public func publish(_ proxy: ManagerProxy, as name: String) throws(MultiprocessingError) {
        try requireOwn(proxy)
        try link.call(.publish, on: 0) { (arguments) throws(MultiprocessingError) in
            arguments.append(proxy.object)
            arguments.append(item: name)
        } _: { _, _ throws(MultiprocessingError) in
        }
    }

    /// Returns a proxy of a published object; nil if there is none of this name.
    ///
    /// The object's content must have the proxy's types: the server only knows whether it is a dictionary, a list or
    /// another kind. Throws `requestFailed` if the kind differs. The corresponding Python notion is the method that
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

    /// The number of objects in the server.
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
            throw MultiprocessingError(.invalidState, "the proxy belongs to another manager, at \(proxy.link.address)")
        }
    }

    /// Makes an object of a kind; the closure appends what the kind requires.
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
    /// Ready when the server has ended; never in a process that did not make the `Manager`.
    public var waitState: WaitState {
        server?.waitState ?? .never
    }
}

extension Manager: CustomStringConvertible {
    /// The server's address and process ID: `Manager(/tmp/…, process 123)`.
    ///
    /// Sends no request and does not block; the key is not included.
    public var description: String {
        "Manager(\(address), process \(pid))"
    }
}
