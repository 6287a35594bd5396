import CMultiprocessing
import Glibc
import SystemPackage

/// An address in the kernel's form.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    var family: Int32 {
        Int32(storage.ss_family)
    }

    /// Resolves an address.
    ///
    /// A name may have several, in the order in which they should be tried. Blocks while resolving a name.
    ///
    /// - Parameter passive: whether to listen on it.
    static func resolve(_ address: Address, passive: Bool) throws(MultiprocessingError) -> [SocketAddress] {
        switch address {
        case .unix(let path): [try SocketAddress(unixPath: path)]
        case .tcp(let host, let port): try resolve(host, port, passive: passive)
        }
    }

    private init(unixPath path: String) throws(MultiprocessingError) {
        var name = sockaddr_un()
        let bytes = Array(path.utf8)
        // One byte is needed for the terminating zero.
        let room = MemoryLayout.size(ofValue: name.sun_path) - 1
        guard (1...room).contains(bytes.count), !bytes.contains(0) else {
            throw MultiprocessingError(
                .invalidState, "the path of a Unix socket must have 1 to \(room) bytes, none of them zero: \(path)")
        }
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        withUnsafeMutableBytes(of: &storage) { storage in withUnsafeBytes(of: name) { storage.copyMemory(from: $0) } }
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
    }

    private init(copying address: UnsafeRawBufferPointer) {
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: address.prefix($0.count)))
        }
        length = socklen_t(min(address.count, MemoryLayout<sockaddr_storage>.size))
    }

    private static func resolve(
        _ host: String, _ port: UInt16, passive: Bool
    ) throws(MultiprocessingError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else {
            let errno = result == EAI_SYSTEM ? Errno(rawValue: Glibc.errno) : nil
            throw MultiprocessingError(
                .systemCallFailed, "the host \(host) was not found: \(String(cString: gai_strerror(result)))",
                errno: errno)
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            found.append(
                SocketAddress(
                    copying: UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen)))
            )
            next = entry.pointee.ai_next
        }
        return found
    }

    /// A new socket for this kind of address, close-on-exec.
    func makeSocket() throws(MultiprocessingError) -> OwnedDescriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return OwnedDescriptor(owning: try checked("socket") { mp_above_standard(socket(family, type, 0)) })
    }

    /// Calls a function of the C library with the address.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// The address that a function of the C library fills in, such as `getsockname`.
    static func filled(
        by body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int
    ) throws(Errno) -> (address: SocketAddress, result: Int) {
        var address = SocketAddress()
        let result = try withUnsafeMutablePointer(to: &address.storage) { storage throws(Errno) in
            try storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { storage throws(Errno) in
                try retryingInterrupted { body(storage, &address.length) }
            }
        }
        return (address, result)
    }

    private init() {}

    /// The numeric address; an unbound Unix socket has an empty path.
    var address: Address {
        family == AF_UNIX ? .unix(unixPath) : tcp
    }

    private var unixPath: String {
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        return withUnsafeBytes(of: storage) { bytes in
            String(decoding: bytes[min(start, Int(length))..<Int(length)].prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private var tcp: Address {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: 16)
        let flags = NI_NUMERICHOST | NI_NUMERICSERV
        let result = withPointer { getnameinfo($0, $1, &host, socklen_t(host.count), &service, 16, flags) }
        guard result == 0 else { return .tcp("", 0) }
        func text(_ characters: [CChar]) -> String {
            String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return .tcp(text(host), UInt16(text(service)) ?? 0)
    }

    /// Configures a TCP connection of this library: no delay to collect more bytes, and keepalive probes to notice when
    /// the other host is gone.
    static func prepareStream(_ socket: Int32, family: Int32) {
        guard family != AF_UNIX else { return }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
