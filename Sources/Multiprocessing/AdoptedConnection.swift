import Glibc
import SystemPackage

extension Connection {
    /// Makes a connection from an open stream socket, for example one that another program has passed on.
    ///
    ///     let connection = try Connection(owning: FileDescriptor(rawValue: 3))
    ///     defer { connection.close() }
    ///
    /// The other end must be a `Connection` too. The connection takes ownership of the descriptor: it makes it
    /// close-on-exec and closes it with itself, so do not close it yourself. If this throws, the descriptor remains the
    /// caller's.
    ///
    /// - Parameters:
    ///   - descriptor: a connected stream socket in blocking mode. Only a Unix socket can send values that have
    ///     descriptors.
    ///   - readable: whether this end receives.
    ///   - writable: whether this end sends.
    ///
    /// Does not block. Throws `invalidState` if the descriptor is not a stream socket (the end of a `pipe`, for
    /// example) or is non-blocking (`O_NONBLOCK`), and `systemCallFailed` if it is not open. The corresponding Python
    /// API is `multiprocessing.connection.Connection(handle, readable, writable)`.
    public convenience init(
        owning descriptor: FileDescriptor, readable: Bool = true, writable: Bool = true
    ) throws(MultiprocessingError) {
        let number = descriptor.rawValue
        let flags = try checked("fcntl") { fcntl(number, F_GETFL) }
        var (type, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        guard getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0, type == Int32(SOCK_STREAM.rawValue) else {
            throw MultiprocessingError(
                .invalidState, "descriptor \(number) is not a stream socket, such as one made by socketpair or connect")
        }
        guard flags & O_NONBLOCK == 0 else {
            throw MultiprocessingError(
                .invalidState, "descriptor \(number) is non-blocking: clear O_NONBLOCK first")
        }
        _ = try checked("fcntl") { fcntl(number, F_SETFD, FD_CLOEXEC) }
        self.init(owning: number, readable: readable, writable: writable)
    }
}

extension Connection: CustomStringConvertible {
    /// Its descriptor, and its direction if it is one-way: `Connection(descriptor 5, receives)`.
    ///
    /// Does not block.
    public var description: String {
        guard let number = fileDescriptor?.rawValue else { return "Connection(closed)" }
        let direction = readable == writable ? "" : readable ? ", receives" : ", sends"
        return "Connection(descriptor \(number)\(direction))"
    }
}
