@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

/// A socket without the library's protocol.
final class RawClient {
    let number: Int32

    init(to address: Address) throws {
        switch address {
        case .unix(let path):
            number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            try connect(&name)
        case .tcp(_, let port):
            number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            try connect(&name)
        }
    }

    /// Takes over the socket of a connection whose handshake is done.
    init(of connection: Connection) throws {
        number = dup(try require(connection.fileDescriptor).rawValue)
        connection.close()
    }

    deinit {
        close(number)
    }

    private func connect<Name>(_ name: inout Name) throws {
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    /// Returns whether everything could be sent; the other end may have closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// This many bytes, or those before end-of-file.
    func receive(_ count: Int, within limit: Duration = .seconds(20)) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < count, isReadable(number, within: limit) {
            let received = recv(number, &piece, min(piece.count, count - bytes.count), 0)
            guard received > 0 else { break }
            bytes += piece[..<received]
        }
        return bytes
    }

    /// Whether the other end closes the connection, whatever it sends before.
    func isEnded(within limit: Duration = .seconds(20)) -> Bool {
        var piece = [UInt8](repeating: 0, count: 4096)
        while isReadable(number, within: limit) {
            let received = recv(number, &piece, piece.count, 0)
            if received <= 0 { return true }
        }
        return false
    }

    func endSending() {
        shutdown(number, Int32(SHUT_WR))
    }
}

/// Random bytes from a generator.
func randomBytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
}

/// The hello of a client that follows the protocol.
func helloOfAClient(hasKey: Bool) -> [UInt8] {
    Array("multiproc".utf8) + [2, 0x43, hasKey ? 1 : 0] + [UInt8](repeating: 7, count: 32)
}

let helloBytes = 44

/// A new directory, removed with its content.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    var template = Array("/tmp/scenario-XXXXXX".utf8CString)
    let path = String(cString: try require(mkdtemp(&template)))
    defer {
        for name in namesIn(path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }
    return try body(path)
}

func exists(_ path: String) -> Bool {
    var information = stat()
    return lstat(path, &information) == 0
}

/// The path of a Unix socket.
func path(of address: Address) throws -> String {
    guard case .unix(let path) = address else { throw MissingValue() }
    return path
}

/// Directories that listeners and managers have made for themselves and left.
func privateDirectories() -> [String] {
    namesIn(temporaryFolder).sorted()
}

/// What the library logs while the body runs, at the level `info`.
func logged(_ body: () throws -> Void) throws -> String {
    try captured(2) {
        logToStandardError()
        defer { setLogger(nil) }
        try body()
    }
}

/// Runs the body in this many concurrent children and expects all of them to succeed.
func inChildren(
    _ count: Int, within limit: Duration = .seconds(30), file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (Int) throws -> Void
) throws {
    let children = (0..<count).map { number in Process { try body(number) } }
    for child in children { try child.start() }
    for child in children {
        let status = try child.join(timeout: limit)
        if status == nil {
            child.kill()
            try child.join()
        }
        expectEqual(status, .exited(0), "nil means that it hung;", file: file, line: line)
    }
}

/// Runs the body in this many concurrent threads and waits until the kernel no longer counts them.
func onThreads(_ count: Int, _ body: @escaping (Int) -> Void) {
    final class Work {
        let number: Int
        let body: (Int) -> Void

        init(_ number: Int, _ body: @escaping (Int) -> Void) {
            self.number = number
            self.body = body
        }
    }
    var threads = [pthread_t](repeating: 0, count: count)
    for number in 0..<count {
        let context = Unmanaged.passRetained(Work(number, body)).toOpaque()
        let result = pthread_create(
            &threads[number], nil,
            { context in
                if let context {
                    let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                    work.body(work.number)
                }
                return nil
            }, context)
        precondition(result == 0, "no thread")
    }
    for thread in threads { pthread_join(thread, nil) }
    expect(eventually { namesIn("/proc/self/task").count == 1 }, "the threads have not ended")
}

/// Starts a child whose body waits for something in the server, and returns when the server has its request.
func startedWaiting(for manager: Manager, _ body: @escaping () throws -> Void) throws -> Process {
    let ready = Doorbell()
    let child = Process {
        // Connected from here on, so that it sleeps only in the intended call.
        _ = try manager.objectCount
        ready.ring()
        try body()
    }
    try child.start()
    expect(ready.wait(), "the child has not begun")
    let pid = try require(child.pid)
    expect(eventually(within: .seconds(10)) { ProcessRecord(pid)?.state == "S" }, "the child does not wait")
    // Requests before this one have been handled.
    _ = try manager.objectCount
    return child
}
