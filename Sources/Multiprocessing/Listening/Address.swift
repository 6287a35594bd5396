/// The address of a `Listener` or of a `Manager`'s server.
///
/// The corresponding Python notion is the address of `multiprocessing.connection.Listener`: a path or a pair.
public enum Address: Hashable, Codable, Sendable {
    /// A Unix socket, by its path of at most 107 bytes: for processes of this machine.
    ///
    /// Anyone with write permission on the file may connect: only this user, unless its mode is changed.
    case unix(_ path: String)
    /// A TCP socket, by the name or number of a host, and a port.
    ///
    /// For a listener the host selects the local addresses on which it listens; `localhost` admits only processes of
    /// this machine, though of all its users. Port 0 lets the kernel choose one.
    case tcp(_ host: String, _ port: UInt16)
}

extension Address: CustomStringConvertible {
    /// The path, or `host:port`, with brackets around a host that has colons itself.
    public var description: String {
        switch self {
        case .unix(let path): path.isEmpty ? "an unnamed Unix socket" : path
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
