import Glibc
import SystemPackage

extension Connection {
    /// Makes a connection of an open stream socket, as one that another program has handed over.
    ///
    ///     let connection = try Connection(owning: FileDescriptor(rawValue: 3))
    ///     defer { connection.close() }
    ///
    /// At the other end must be a `Connection` too. From then on the descriptor is the connection's own: it is made
    /// close-on-exec, and closed with the connection; do not close it yourself. Where this throws it stays the caller's.
    ///
    /// - Parameters:
    ///   - descriptor: a stream socket that is connected and blocks. Without a Unix socket nothing that has descriptors can
    ///     be sent.
    ///   - readable: whether this end receives.
    ///   - writable: whether this end sends.
    ///
    /// Does not block. Throws `invalidState` where the descriptor is no stream socket, as the end of a `pipe`, or does not
    /// block (`O_NONBLOCK`), and `systemCallFailed` where it is not open. The corresponding Python API is
    /// `multiprocessing.connection.Connection(handle, readable, writable)`.
    public convenience init(
        owning descriptor: FileDescriptor, readable: Bool = true, writable: Bool = true
    ) throws(MultiprocessingError) {
        let number = descriptor.rawValue
        let flags = try checked("fcntl") { fcntl(number, F_GETFL) }
        var (type, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        guard getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0, type == Int32(SOCK_STREAM.rawValue) else {
            throw MultiprocessingError(
                .invalidState, "descriptor \(number) is no stream socket; socketpair and connect make those")
        }
        guard flags & O_NONBLOCK == 0 else {
            throw MultiprocessingError(
                .invalidState, "descriptor \(number) does not block: clear O_NONBLOCK before it is a connection's")
        }
        _ = try checked("fcntl") { fcntl(number, F_SETFD, FD_CLOEXEC) }
        self.init(owning: number, readable: readable, writable: writable)
    }
}

extension Connection: CustomStringConvertible {
    /// Its descriptor, and what it can do where that is not both: `Connection(descriptor 5, receives)`.
    ///
    /// Does not block.
    public var description: String {
        guard let number = fileDescriptor?.rawValue else { return "Connection(closed)" }
        let direction = readable == writable ? "" : readable ? ", receives" : ", sends"
        return "Connection(descriptor \(number)\(direction))"
    }
}
