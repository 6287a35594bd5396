import CMultiprocessing
import Glibc
import SystemPackage

/// A process that forks children on behalf of this one, which may have threads.
///
///     this process                          fork server (spawned at first use, one thread)
///     ForkRequest ── connection ──────────> forks                    child
///     Report.begun <── a socket a child ──────────────────────────── has decoded its entry
///     Report.ended <── the same socket ──── has reaped the child
///
/// To the kernel a child is the server's child; to the library it is ours. Its parent pid is ours, it ends with us if
/// it is a daemon, and its exit status arrives over its socket. The server ends when its connection closes, which also
/// happens when this process is killed. Its other children keep running, like the children of any parent that exits.
final class ForkServer {
    private struct Request: Codable {
        let order: ProcessOrder
        /// The child's own socket.
        let reports: DuplicatedDescriptor
    }

    private enum Report: Codable {
        /// From the child: its pid, and a pidfd of it.
        case begun(Int32, DuplicatedDescriptor)
        /// From the child, or from the server if it cannot fork.
        case refused(String)
        /// From the server.
        case ended(ExitStatus)
    }

    private let connection: Connection
    private var process: ProcessHandle

    private static let shared = Guarded<ForkServer?>(nil)
    /// Runs once.
    private static let forgetWhenForked: Void = Fork.whenForked(forgetInherited)

    private init() throws(MultiprocessingError) {
        let (mine, its) = try makeSocketPair()
        connection = Connection(owning: mine, readable: false, writable: true)
        defer { _ = close(its) }
        process = try Spawn.start(
            ForkServerEntry(requests: DuplicatedDescriptor(FileDescriptor(rawValue: its))),
            ProcessIdentity.current.helper(named: "fork-server", isDaemon: false))
    }

    /// Makes the server fork a child with this entry; returns when the child is about to run it.
    ///
    /// Starts the server if there is none. Throws the child's answer if it cannot decode the entry.
    static func start(
        _ entry: some ProcessEntry, _ identity: ProcessIdentity, _ standardInput: StandardInput = .null
    ) throws(MultiprocessingError) -> ProcessHandle {
        let (mine, its) = try makeSocketPair()
        let reports = Connection(owning: mine, readable: true, writable: false)
        let lifeline: PrivateDescriptor?
        do {
            defer { _ = close(its) }
            lifeline = try ProcessOrder.sending(entry, identity, standardInput) { order throws(MultiprocessingError) in
                let request = Request(
                    order: order, reports: DuplicatedDescriptor(FileDescriptor(rawValue: its)))
                try send(request)
            }
        }
        switch try report(of: identity.name, from: reports) {
        case .begun(let pid, let descriptor):
            let process = PrivateDescriptor(owning: descriptor.fileDescriptor.rawValue)
            var child = ProcessHandle(pid: pid, ending: process) { () throws(MultiprocessingError) in
                defer { reports.close() }
                return try status(of: pid, from: reports)
            }
            child.lifeline = lifeline
            return child
        case .refused(let text):
            throw MultiprocessingError(.decodingFailed, "cannot start \(identity.name): \(text)")
        case .ended(let status):
            throw MultiprocessingError(
                .systemCallFailed, "\(identity.name) ended before it started", status: status)
        }
    }

    private static func report(of name: String, from reports: Connection) throws(MultiprocessingError) -> Report {
        do throws(MultiprocessingError) {
            return try reports.receive(Report.self)
        } catch {
            // Closed: the status was asked for before.
            guard error.code == .endOfFile || error.code == .invalidState else { throw error }
            throw MultiprocessingError(
                .managerDied, "the fork server has ended, so the exit status of \(name) is unknown")
        }
    }

    /// How a child ended, which the server has reported or is about to report.
    private static func status(of pid: Int32, from reports: Connection) throws(MultiprocessingError) -> ExitStatus {
        while true {
            if case .ended(let status) = try report(of: "process \(pid)", from: reports) {
                return status
            }
        }
    }

    private static func send(_ request: Request) throws(MultiprocessingError) {
        try shared.withLock { shared throws(MultiprocessingError) in
            for attempt in 1...2 {
                let server: ForkServer
                if let running = shared {
                    server = running
                } else {
                    server = try ForkServer()
                    shared = server
                    _ = forgetWhenForked
                }
                do throws(MultiprocessingError) {
                    return try server.connection.send(request)
                } catch {
                    // The server was killed since its last use: start another one, once.
                    guard error.code == .brokenPipe, attempt == 1 else { throw error }
                    server.end()
                    shared = nil
                }
            }
        }
    }

    /// Ends the server, if there is one, and waits for it to end.
    static func stop() {
        shared.withLock { shared in
            shared?.end()
            shared = nil
        }
    }

    private func end() {
        connection.close()
        _ = try? process.wait(until: Deadline(after: nil))
    }

    /// Called in a child right after the fork: the server belongs to its parent.
    private static func forgetInherited() {
        shared.withLock { shared in
            shared?.connection.close()
            shared = nil
        }
    }

    // MARK: In the server

    /// Signals that a terminal sends to all processes of a job.
    ///
    /// The program and its children answer them; the server ignores them and ends with the program.
    private static let terminalSignals = [SIGINT, SIGQUIT, SIGHUP]
    /// The previous actions for these signals, which its children restore.
    nonisolated(unsafe) private static var signalActions: [__sighandler_t?] = []

    fileprivate static func serve(_ requests: Connection) -> Never {
        signalActions = terminalSignals.map { signal($0, SIG_IGN) }
        var children: [Child] = []
        while true {
            var entries = [pollfd(fd: requests.fileDescriptor?.rawValue ?? -1, events: Int16(POLLIN), revents: 0)]
            entries += children.map { pollfd(fd: $0.process.sentinel, events: Int16(POLLIN), revents: 0) }
            do {
                try poll(&entries, until: Deadline(after: nil))
                for (child, entry) in zip(children, entries.dropFirst()) where entry.revents != 0 {
                    try child.bury()
                }
                children.removeAll { $0.process.status != nil }
                if entries[0].revents != 0 {
                    repeat {
                        children += try serve(try requests.receive(Request.self), of: requests)
                    } while requests.hasBufferedInput
                }
            } catch {
                _exit(EXIT_SUCCESS)
            }
        }
    }

    private final class Child {
        var process: ProcessHandle
        private var reports: PrivateDescriptor?

        init(process: consuming ProcessHandle, reports: consuming PrivateDescriptor) {
            self.process = process
            self.reports = consume reports
        }

        func bury() throws(MultiprocessingError) {
            guard let status = try process.wait(until: Deadline(after: nil)) else { return }
            guard let socket = reports.take()?.release() else { return }
            // The receiver may have ended.
            try? Connection(owning: socket, readable: false, writable: true).send(Report.ended(status))
        }
    }

    private static func serve(_ request: Request, of requests: Connection) throws(MultiprocessingError) -> [Child] {
        let socket = request.reports.fileDescriptor.rawValue
        defer { request.order.closeDescriptors() }
        do {
            let process = try Fork.child(deathSignal: 0) {
                for (number, action) in zip(terminalSignals, signalActions) {
                    signal(number, action)
                }
                requests.close()
                let reports = Connection(owning: socket, readable: false, writable: true)
                request.order.follow { refusal in
                    begin(refusal, reports)
                }
            }
            // Registered only now: the child just forked has a copy of this socket too, and children forked later must
            // not.
            return [Child(process: process, reports: PrivateDescriptor(owning: socket))]
        } catch {
            try? Connection(owning: socket, readable: false, writable: true).send(Report.refused("\(error)"))
            return []
        }
    }

    /// In the child.
    private static func begin(_ refusal: String?, _ reports: Connection) {
        defer { reports.close() }
        let pid = getpid()
        let descriptor = OwnedDescriptor(owning: mp_pidfd_open(pid))
        // The receiver may have ended.
        if let refusal {
            try? reports.send(Report.refused(refusal))
        } else if descriptor.number < 0 {
            try? reports.send(Report.refused("pidfd_open failed: \(Errno(rawValue: errno))"))
        } else {
            let handle = DuplicatedDescriptor(FileDescriptor(rawValue: descriptor.number))
            try? reports.send(Report.begun(pid, handle))
        }
    }
}

/// The entry that a spawned fork server runs.
struct ForkServerEntry: ProcessEntry {
    let requests: DuplicatedDescriptor

    func main() -> Never {
        ForkServer.serve(Connection(owning: requests.fileDescriptor.rawValue, readable: true, writable: false))
    }
}
