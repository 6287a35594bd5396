import CMultiprocessing
import Glibc
import SystemPackage

extension Connection {
    /// Connects to a `Listener`.
    ///
    /// - Parameters:
    ///   - address: the address of the listener.
    ///   - authenticationKey: the listener's key. The argument is required even if the listener has none (nil): without
    ///     a key there is no telling who answers.
    ///   - timeout: the maximum time until the other end has accepted and both have proved that they know the key; nil
    ///     for no limit.
    ///
    /// Blocks for that time at most.
    ///
    /// Throws `authenticationFailed` if the other end has another key, if only one of the two has a key, or if it
    /// speaks another protocol; `timedOut`; `endOfFile` if it closes the connection first; `systemCallFailed` if no
    /// process listens there. The corresponding Python API is `multiprocessing.connection.Client`, whose `authkey`
    /// defaults to none.
    public convenience init(
        to address: Address, authenticationKey: AuthenticationKey?, timeout: Duration? = .seconds(10)
    ) throws(MultiprocessingError) {
        let socket = try connectedSocket(to: address, key: authenticationKey, until: Deadline(after: timeout))
        self.init(owning: socket.release(), readable: true, writable: true)
    }
}

/// Connects and performs the handshake.
func connectedSocket(
    to address: Address, key: AuthenticationKey?, until deadline: Deadline
) throws(MultiprocessingError) -> OwnedDescriptor {
    let socket = try connectedSocket(to: address, until: deadline)
    var handshake = Handshake(as: .client, key: key)
    try handshake.begin(over: socket.number)
    while !(try handshake.advance(over: socket.number)) {
        var entries = [pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)]
        guard try poll(&entries, until: deadline) > 0 else {
            throw MultiprocessingError(.timedOut, "\(address) did not answer in time")
        }
    }
    return socket
}

private func connectedSocket(
    to address: Address, until deadline: Deadline
) throws(MultiprocessingError) -> OwnedDescriptor {
    var failure: MultiprocessingError?
    for candidate in try SocketAddress.resolve(address, passive: false) {
        let socket = try candidate.makeSocket()
        SocketAddress.prepareStream(socket.number, family: candidate.family)
        do throws(Errno) {
            if candidate.family == AF_UNIX {
                try connectUnix(socket.number, candidate, until: deadline)
            } else {
                try connectTCP(socket.number, candidate, until: deadline)
            }
            return socket
        } catch {
            failure =
                error == .wouldBlock
                ? MultiprocessingError(.timedOut, "\(address) did not accept in time")
                : MultiprocessingError(.systemCallFailed, "cannot connect to \(address)", errno: error)
        }
    }
    throw failure ?? MultiprocessingError(.systemCallFailed, "\(address) has no address to connect to")
}

/// Connects a Unix socket; `connect` blocks only while the listener's backlog is full.
private func connectUnix(_ socket: Int32, _ address: SocketAddress, until deadline: Deadline) throws(Errno) {
    func limit(_ nanoseconds: UInt64) {
        var time = timeval(tv_sec: Int(nanoseconds / 1_000_000_000), tv_usec: Int(nanoseconds % 1_000_000_000 / 1000))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }
    if let remaining = deadline.remainingNanoseconds {
        // Zero would mean no limit.
        limit(max(remaining, 1000))
    }
    _ = try retryingInterrupted { address.withPointer { connect(socket, $0, $1) } }
    if deadline.remainingNanoseconds != nil {
        limit(0)
    }
}

private func connectTCP(_ socket: Int32, _ address: SocketAddress, until deadline: Deadline) throws(Errno) {
    let flags = fcntl(socket, F_GETFL)
    _ = fcntl(socket, F_SETFL, flags | O_NONBLOCK)
    do throws(Errno) {
        // Without the timeout, an interrupted attempt continues like a non-blocking one.
        _ = try retryingInterrupted { address.withPointer { connect(socket, $0, $1) } }
    } catch {
        guard error == .nowInProgress || error == .alreadyInProcess else { throw error }
        var entries = [pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)]
        guard (try? poll(&entries, until: deadline)) ?? 0 > 0 else { throw .wouldBlock }
        var (result, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &result, &size)
        guard result == 0 else { throw Errno(rawValue: result) }
    }
    _ = fcntl(socket, F_SETFL, flags)
}
