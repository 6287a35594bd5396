/// Where a `Listener` or the server of a `Manager` is to be found.
///
/// The corresponding Python notion is the address of `multiprocessing.connection.Listener`: a path or a pair.
public enum Address: Hashable, Codable, Sendable {
    /// A Unix socket, by its path, of at most 107 bytes: for processes of this machine.
    ///
    /// Who may write to the file may connect: this user alone, unless its mode is changed.
    case unix(_ path: String)
    /// A TCP socket, by the name or number of a host and a port.
    ///
    /// For a listener the host says on which of the machine's addresses it listens, `localhost` being for processes of
    /// this machine only, though of all its users; port 0 lets the kernel choose one.
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
