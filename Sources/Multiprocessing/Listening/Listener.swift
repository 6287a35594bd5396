import Glibc
import SystemPackage

/// A socket to which other processes can connect, related or not.
///
///     let listener = try Listener(authenticationKey: key)              // a Unix socket in its own directory
///     let connection = try listener.accept()                           // here
///     let connection = try Connection(to: address, authenticationKey: key)   // in the other process
///
/// Before `accept` returns a connection, both ends have shown that they speak this library's protocol and know the same
/// key, or that neither has one (see `Handshake`). Clients that fail in that, or are too slow, are logged and dropped;
/// they neither end nor delay `accept`. Without a key everyone who can reach the address gets in: for a Unix socket the
/// processes of this user (and root's), for TCP everyone on the machine or on the network. So an address requires a key
/// argument, even if it is nil. (Python's default is no key, even for TCP.)
///
/// The name of a Unix socket is removed when the listener is closed or released, and by a normal exit, but only by the
/// process that made it. A killed process leaves it behind.
///
/// A child that is forked later has a copy of the listener and can accept connections as well. Use it from one thread.
/// `defer { listener.close() }` closes it at the end of a scope, like Python's `with`.
///
/// The corresponding Python API is `multiprocessing.connection.Listener`.
public final class Listener {
    /// The address to connect to.
    ///
    /// If the kernel chose the port, the address contains it.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Listener.address`.
    public let address: Address
    /// The last client's address: numeric, or a Unix socket, whose path is usually empty; nil at first.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Listener.last_accepted`.
    public private(set) var lastAccepted: Address?

    private let name: SocketName?
    private let key: AuthenticationKey?
    private let handshakeTimeout: Duration
    private var descriptor: OwnedDescriptor?
    private var reception: Reception?
    /// The process that the reception belongs to: in a child, that is the parent.
    private var receptionOwner: Int32 = 0
    private var arrivals: [Reception.Arrival] = []

    /// Binds and listens at an address.
    ///
    /// - Parameters:
    ///   - address: nil stands for a Unix socket in a new directory that only this user may enter. A Unix socket with a
    ///     given path is also accessible to this user only; `chmod` its file to let others in.
    ///   - backlog: how many connections may wait in the kernel to be accepted.
    ///   - authenticationKey: the key that clients must know. The argument is required even if it is nil, which admits
    ///     every client without a key.
    ///   - handshakeTimeout: how long a client's handshake may take.
    ///
    /// Does not block, except to resolve a host name. Throws `systemCallFailed` if the address is in use, by a process
    /// or only by a name that one has left behind, or cannot be used; `invalidState` if a path is too long. The
    /// corresponding Python API is `multiprocessing.connection.Listener`, whose `authkey` defaults to none, and whose
    /// sockets get their mode from the process's umask.
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
    ///   - backlog: how many connections may wait in the kernel to be accepted.
    ///   - authenticationKey: the key that clients must know; without one every process of this user gets in.
    ///   - handshakeTimeout: how long a client's handshake may take.
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

    /// Waits for a client that completes the handshake, and returns the connection, which the caller then owns.
    ///
    /// Blocks until there is one.
    ///
    /// Throws `invalidState` if the listener is closed, and `systemCallFailed` if the kernel has no descriptor left; it
    /// can then be called again. The corresponding Python API is `multiprocessing.connection.Listener.accept`.
    public func accept() throws(MultiprocessingError) -> Connection {
        while true {
            if let connection = try accept(timeout: nil) {
                return connection
            }
        }
    }

    /// Waits for a client that completes the handshake, for at most `timeout`; `nil` waits forever.
    ///
    /// Returns the connection, which the caller then owns, or nil on a timeout.
    ///
    /// Throws as `accept()`. The corresponding Python API is `multiprocessing.connection.Listener.accept`.
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

    /// Stops listening, drops waiting clients, and removes the name of a Unix socket.
    ///
    /// Accepted connections stay open. Does nothing if it is already closed. In a forked child it only closes the
    /// child's copy. Does not block.
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
    /// Ready when a client connects or continues its handshake.
    ///
    /// The handshake may still fail: use `accept(timeout: .zero)`, which then returns nil.
    public var waitState: WaitState {
        guard arrivals.isEmpty || receptionOwner != getpid() else { return .ready }
        guard let reception = try? openReception() else { return .invalid("a closed listener") }
        return .descriptor(FileDescriptor(rawValue: reception.descriptor), writable: false)
    }
}

extension Listener: CustomStringConvertible {
    /// Its address, `Listener(localhost:4000)`, or `Listener(closed)`.
    ///
    /// Does not block.
    public var description: String {
        descriptor == nil ? "Listener(closed)" : "Listener(\(address))"
    }
}
