import Glibc
import SystemPackage

/// A place where other processes can connect to this one, related or not.
///
///     let listener = try Listener(authenticationKey: key)              // a Unix socket in a directory of its own
///     let connection = try listener.accept()                           // here
///     let connection = try Connection(to: address, authenticationKey: key)   // in the other process
///
/// Before `accept` returns a connection both ends have shown that they speak this library's protocol and know the same
/// key, or that neither has one (`Handshake` tells how). Clients which fail in that, or dawdle, are logged and dropped;
/// they neither end `accept` nor hold it up. Without a key everyone who can reach the address gets in: for a Unix socket
/// the processes of this user (and root's), for TCP everyone on the machine, or on the network. So who gives an address
/// also says which key, be it none. (Python's default is none, also for TCP.)
///
/// The name of a Unix socket is removed when the listener is closed or goes away, and by a normal exit, but only by the
/// process that made it. A process that is killed leaves it behind.
///
/// A child that is forked later has a copy of the listener and can accept in its turn. Use it from one thread.
/// `defer { listener.close() }` closes it at the end of a scope, as Python's `with`.
///
/// The corresponding Python API is `multiprocessing.connection.Listener`.
public final class Listener {
    /// Where to connect to.
    ///
    /// A port that the kernel has chosen is filled in.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Listener.address`.
    public let address: Address
    /// Who connected last: an address in numbers, or a Unix socket, whose path is empty as a rule; nil at first.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Listener.last_accepted`.
    public private(set) var lastAccepted: Address?

    private let name: SocketName?
    private let key: AuthenticationKey?
    private let handshakeTimeout: Duration
    private var descriptor: OwnedDescriptor?
    private var reception: Reception?
    /// The process that the reception belongs to: in a child it is the parent's.
    private var receptionOwner: Int32 = 0
    private var arrivals: [Reception.Arrival] = []

    /// Binds and listens at an address.
    ///
    /// - Parameters:
    ///   - address: nil stands for a Unix socket in a new directory that only this user may enter. One with a name is made
    ///     for this user alone too; `chmod` of its file lets others in.
    ///   - backlog: how many may wait in the kernel to be accepted.
    ///   - authenticationKey: what those who connect must know; nil, which has to be written out, lets in everyone who
    ///     has none.
    ///   - handshakeTimeout: how long someone who connects may take to prove it.
    ///
    /// Does not block, but for a name server where the address is a name. Throws `systemCallFailed` when the address is
    /// in use, by a process or only by a name that one has left behind, or cannot be used; `invalidState` when a path
    /// is too long. The corresponding Python API is `multiprocessing.connection.Listener`, whose `authkey` is none unless
    /// it is given, and whose sockets have the mode that the process's umask leaves.
    public init(
        address: Address?, backlog: Int = 128, authenticationKey: AuthenticationKey?,
        handshakeTimeout: Duration = .seconds(10)
    ) throws(MultiprocessingError) {
        let bound = try BoundSocket(at: address.map { .address($0) } ?? .fresh, backlog: backlog)
        self.address = bound.address
        name = bound.name
        descriptor = OwnedDescriptor(owning: bound.number)
        key = authenticationKey
        self.handshakeTimeout = handshakeTimeout
    }

    /// Listens at a Unix socket in a new directory that only this user may enter.
    ///
    /// - Parameters:
    ///   - backlog: how many may wait in the kernel to be accepted.
    ///   - authenticationKey: what those who connect must know; without one every process of this user gets in.
    ///   - handshakeTimeout: how long someone who connects may take to prove it.
    ///
    /// Does not block. Throws `systemCallFailed`. The corresponding Python API is
    /// `multiprocessing.connection.Listener` without an address.
    public convenience init(
        backlog: Int = 128, authenticationKey: AuthenticationKey? = nil, handshakeTimeout: Duration = .seconds(10)
    ) throws(MultiprocessingError) {
        try self.init(
            address: nil, backlog: backlog, authenticationKey: authenticationKey, handshakeTimeout: handshakeTimeout)
    }

    deinit {
        close()
    }

    /// Waits for someone who gets through the handshake, and returns the connection, which the caller then owns.
    ///
    /// Blocks until there is one.
    ///
    /// Throws `invalidState` when the listener is closed, `systemCallFailed` when the kernel has no descriptor left; it
    /// can then be called again. The corresponding Python API is `multiprocessing.connection.Listener.accept`.
    public func accept() throws(MultiprocessingError) -> Connection {
        while true {
            if let connection = try accept(timeout: nil) {
                return connection
            }
        }
    }

    /// Waits for someone who gets through the handshake, at most for `timeout`; `nil` waits for ever.
    ///
    /// Returns the connection, which the caller then owns, or nil when the time was over first.
    ///
    /// Throws as the other one. The corresponding Python API is `multiprocessing.connection.Listener.accept`.
    public func accept(timeout: Duration?) throws(MultiprocessingError) -> Connection? {
        let deadline = Deadline(after: timeout)
        let reception = try openReception()
        while true {
            if !arrivals.isEmpty {
                let arrival = arrivals.removeFirst()
                lastAccepted = arrival.peer
                return Connection(owning: arrival.socket, readable: true, writable: true)
            }
            arrivals = try reception.admit()
            if arrivals.isEmpty {
                var entries = [pollfd(fd: reception.descriptor, events: Int16(POLLIN), revents: 0)]
                guard try poll(&entries, until: deadline) > 0 else { return nil }
            }
        }
    }

    /// Stops listening, drops those who wait, and removes the name of a Unix socket.
    ///
    /// Connections that were accepted stay. Does nothing when it is closed already. In a forked child it closes the
    /// child's copy only. Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Listener.close`.
    public func close() {
        guard descriptor != nil else { return }
        dropArrivals()
        reception = nil
        name?.remove()
        descriptor = nil
    }

    /// The reception of this process.
    private func openReception() throws(MultiprocessingError) -> Reception {
        guard let number = descriptor?.number else {
            throw MultiprocessingError(.invalidState, "accept on a closed listener")
        }
        if let reception, receptionOwner == getpid() {
            return reception
        }
        dropArrivals()
        let own = try Reception(at: number, key: key, patience: handshakeTimeout)
        (reception, receptionOwner) = (own, getpid())
        return own
    }

    private func dropArrivals() {
        for arrival in arrivals {
            if receptionOwner == getpid() {
                shutdown(arrival.socket, Int32(SHUT_RDWR))
            }
            _ = Glibc.close(arrival.socket)
        }
        arrivals = []
    }
}

extension Listener: Waitable {
    /// Ready when someone wants to connect or goes on with the handshake.
    ///
    /// That may come to nothing: use `accept(timeout: .zero)`, which then returns nil.
    public var waitState: WaitState {
        guard arrivals.isEmpty || receptionOwner != getpid() else { return .ready }
        guard let reception = try? openReception() else { return .invalid("a closed listener") }
        return .descriptor(FileDescriptor(rawValue: reception.descriptor), writable: false)
    }
}

extension Listener: CustomStringConvertible {
    /// Where it listens: `Listener(localhost:4000)`; or `Listener(closed)`.
    ///
    /// Does not block.
    public var description: String {
        descriptor == nil ? "Listener(closed)" : "Listener(\(address))"
    }
}
