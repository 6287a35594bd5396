import CMultiprocessing
import Glibc
import SystemPackage

/// A socket that other processes can connect to.
struct BoundSocket {
    /// Where to listen.
    enum Place: Codable {
        case address(Address)
        /// A directory that is yet to be created, for this socket and this user only.
        case privateDirectory(String)

        /// A directory that does not exist.
        ///
        /// The corresponding Python function is `multiprocessing.util.get_temp_dir`.
        static var fresh: Place {
            let name = "/multiprocessing-" + String(UInt64.random(in: .min ... .max), radix: 36)
            let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
            // A Unix socket's path must be short.
            let isUsable = folder.hasPrefix("/") && folder.utf8.count <= 64
            return .privateDirectory((isUsable ? folder : "/tmp") + name)
        }

        /// The path of the socket in a private directory.
        static func path(in directory: String) -> String {
            directory + "/socket"
        }
    }

    /// The descriptor, which the caller owns; it is non-blocking.
    let number: Int32
    /// Its address, with the port that the kernel has chosen.
    let address: Address
    /// The name to remove from the file system at the end.
    let name: SocketName?

    /// Binds a socket and listens.
    init(at place: Place, backlog: Int) throws(MultiprocessingError) {
        switch place {
        case .address(let address):
            try self.init(at: address, directory: nil, backlog: backlog)
        case .privateDirectory(let directory):
            _ = try checked("mkdir") { mkdir(directory, 0o700) }
            do {
                try self.init(at: .unix(Place.path(in: directory)), directory: directory, backlog: backlog)
            } catch {
                rmdir(directory)
                throw error
            }
        }
    }

    private init(at wanted: Address, directory: String?, backlog: Int) throws(MultiprocessingError) {
        var failure: MultiprocessingError?
        for candidate in try SocketAddress.resolve(wanted, passive: true) {
            let socket = try candidate.makeSocket()
            let number = socket.number
            do throws(Errno) {
                if candidate.family != AF_UNIX {
                    // Closed connections occupy a port for a minute, which is no reason to reject a new listener.
                    var on: Int32 = 1
                    setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
                }
                if candidate.family == AF_UNIX {
                    // The file gets the socket's own mode, minus the umask; a umask of 0 would let others in.
                    _ = try retryingInterrupted { fchmod(number, 0o600) }
                }
                _ = try retryingInterrupted { candidate.withPointer { bind(number, $0, $1) } }
            } catch {
                failure = BoundSocket.failure(wanted, error)
                continue
            }
            if case .unix(let path) = wanted {
                (name, address) = (SocketName(path, directory: directory), wanted)
            } else {
                name = nil
                address = BoundSocket.ownAddress(of: number) ?? wanted
            }
            _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
            do {
                _ = try checked("listen") { listen(number, Int32(clamping: backlog)) }
            } catch {
                name?.remove()
                throw error
            }
            self.number = socket.release()
            return
        }
        throw failure ?? MultiprocessingError(.systemCallFailed, "\(wanted) has no address to listen on")
    }

    private static func ownAddress(of socket: Int32) -> Address? {
        try? SocketAddress.filled { Int(getsockname(socket, $0, $1)) }.address.address
    }

    private static func failure(_ address: Address, _ errno: Errno) -> MultiprocessingError {
        guard case .unix(let path) = address, errno == .addressInUse else {
            return MultiprocessingError(.systemCallFailed, "cannot listen on \(address)", errno: errno)
        }
        var information = stat()
        let isSocket = lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFSOCK
        let reason =
            switch (isSocket, isSocket && isAbandoned(path)) {
            case (false, _): "the path exists and is not a socket"
            case (_, true): "a process that has ended left the socket behind; remove it or choose another path"
            case (_, false): "another process is listening there"
            }
        return MultiprocessingError(.systemCallFailed, "cannot listen on \(path): \(reason)", errno: errno)
    }

    /// Whether no process listens on a Unix socket any more.
    private static func isAbandoned(_ path: String) -> Bool {
        guard let address = try? SocketAddress.resolve(.unix(path), passive: false).first,
            let socket = try? address.makeSocket()
        else { return false }
        let number = socket.number
        _ = fcntl(number, F_SETFL, O_NONBLOCK)
        do throws(Errno) {
            _ = try retryingInterrupted { address.withPointer { connect(number, $0, $1) } }
        } catch {
            return error == .connectionRefused
        }
        return false
    }
}
