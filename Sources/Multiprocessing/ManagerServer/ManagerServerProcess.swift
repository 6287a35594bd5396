import CMultiprocessing
import Glibc
import SystemPackage

/// A manager server, as seen by the process that made it.
///
/// Both sides know the socket's name, and each removes it when it notices that the other has ended: the server when
/// this process closes the control socket or dies, in which case the kernel sends the server SIGTERM, whose handler
/// only removes the name and exits; this process when it has seen the server end. SIGTERM is blocked across the fork,
/// so that it cannot end the server before the handler is installed. The name remains only if both are killed at once.
/// (With SIGKILL as the death signal it would remain whenever this process is killed.)
final class ManagerServerProcess {
    /// The server's report that it listens, or cannot.
    private struct Birth: Codable {
        var identity: UInt64 = 0
        var address: Address?
        var failure = ""
        var isOfInitializer = false
        var errno: Int32?
    }

    let address: Address
    let identity: UInt64
    let pid: Int32

    private let owner = getpid()
    private var process: ProcessHandle
    /// Closing it ends the server.
    private var control: PrivateDescriptor?
    private let name: SocketName?

    /// The name that the signal handler removes; only in a server.
    nonisolated(unsafe) private static var ownName: SocketName?

    /// Starts a server and waits until it listens.
    ///
    /// - Parameter start: starts it with its end of the control socket, which the caller must close.
    init(
        at place: BoundSocket.Place, _ start: (Int32) throws(MultiprocessingError) -> ProcessHandle
    ) throws(MultiprocessingError) {
        let (mine, its) = try makeSocketPair()
        control = PrivateDescriptor(owning: mine)
        do throws(MultiprocessingError) {
            process = try start(its)
        } catch {
            _ = Glibc.close(its)
            throw error
        }
        _ = Glibc.close(its)
        pid = process.pid
        let birth: Birth
        do throws(MultiprocessingError) {
            birth = try ManagerServerProcess.receiveBirth(over: mine)
        } catch {
            let status = process.end()
            ManagerServerProcess.removeLeftovers(of: place)
            throw MultiprocessingError(
                .managerDied, "the manager's server ended before it listened", pid: pid, status: status)
        }
        guard let address = birth.address else {
            _ = try? process.wait(until: Deadline(after: nil))
            throw ManagerServerProcess.error(of: birth)
        }
        self.address = address
        identity = birth.identity
        switch (place, address) {
        case (.privateDirectory(let directory), .unix(let path)): name = SocketName(path, directory: directory)
        case (_, .unix(let path)): name = SocketName(path, directory: nil)
        case (_, .tcp): name = nil
        }
        ManagerServerProcess.all.withLock { all in
            all.removeAll { $0.server == nil }
            all.append(Reference(server: self))
        }
        _ = ManagerServerProcess.endWithTheProcess
    }

    private struct Reference {
        weak var server: ManagerServerProcess?
    }

    /// The servers that this process has started, and, in a forked child, copies of its parent's.
    private static let all = Guarded<[Reference]>([])

    /// Runs once.
    private static let endWithTheProcess: Void = Process.beforeEndingChildren(endAll)

    /// Ends the running servers, as a normal exit does.
    private static func endAll() {
        for reference in all.withLock({ $0 }) {
            reference.server?.end()
        }
    }

    /// Ends the server and waits for it.
    func end() {
        // A child inherits the object with the memory; the server belongs to its parent.
        guard owner == getpid(), process.status == nil else { return }
        if let number = control?.number {
            // This also covers copies in children that were not forked by the library.
            shutdown(number, Int32(SHUT_RDWR))
        }
        control = nil
        for signal in [0, SIGTERM, SIGKILL] where process.status == nil {
            process.send(signal: signal)
            _ = try? process.wait(until: Deadline(after: .seconds(1)))
        }
        name?.remove()
    }

    var waitState: WaitState {
        owner == getpid() ? .descriptor(FileDescriptor(rawValue: process.sentinel), writable: false) : .never
    }

    /// Forks a server, which has everything that the types' closures capture.
    static func fork(
        at place: BoundSocket.Place, _ key: AuthenticationKey, _ types: [any ServedType],
        _ initializer: () throws -> Void, reportingTo control: Int32
    ) throws(MultiprocessingError) -> ProcessHandle {
        try Fork.requireSingleThread(for: "Manager")
        let identity = ProcessIdentity.current.helper(named: "manager")
        return try withTerminationBlocked { () throws(MultiprocessingError) in
            try Fork.child(deathSignal: SIGTERM) {
                ProcessIdentity.become(identity)
                StandardInput.null.takeInForkedChild()
                serve(at: place, key: key, types: types, initializer, reportingTo: control)
            }
        }
    }

    private static func withTerminationBlocked<Result: ~Copyable>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        var (blocked, before) = (terminationOnly, sigset_t())
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return try body()
    }

    private static var terminationOnly: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        return signals
    }

    private static func receiveBirth(over control: Int32) throws(MultiprocessingError) -> Birth {
        let copy = try checked("fcntl") { mp_duplicate(control) }
        return try Connection(owning: copy, readable: true, writable: false).receive(Birth.self)
    }

    private static func error(of birth: Birth) -> MultiprocessingError {
        let errno = birth.errno.map { Errno(rawValue: $0) }
        // The text was an error's description, which already ends with the text of `errno`.
        let ending = errno.map { ": \($0)" } ?? ""
        let text = birth.failure.hasSuffix(ending) ? String(birth.failure.dropLast(ending.count)) : birth.failure
        return MultiprocessingError(birth.isOfInitializer ? .initializerFailed : .systemCallFailed, text, errno: errno)
    }

    /// Removes what a server leaves that was killed before it could report its address.
    private static func removeLeftovers(of place: BoundSocket.Place) {
        if case .privateDirectory(let directory) = place {
            unlink(BoundSocket.Place.path(in: directory))
            rmdir(directory)
        }
    }

    // MARK: In the server

    /// Runs the server.
    static func serve(
        at place: BoundSocket.Place, key: AuthenticationKey, types: [any ServedType],
        _ initializer: () throws -> Void, reportingTo control: Int32
    ) -> Never {
        // As in a pool manager: signals of a terminal are for the creator to handle.
        mp_reset_signal_handlers()
        for number in [SIGINT, SIGQUIT, SIGHUP] {
            signal(number, SIG_IGN)
        }
        var birth = Birth()
        do throws(MultiprocessingError) {
            let bound = try BoundSocket(at: place, backlog: 1024)
            ownName = bound.name
            signal(SIGTERM) { _ in
                ManagerServerProcess.ownName?.remove()
                _exit(EXIT_SUCCESS)
            }
            var signals = terminationOnly
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            do {
                try initializer()
            } catch {
                birth.isOfInitializer = true
                throw MultiprocessingError(.initializerFailed, "the manager's initializer threw: \(error)")
            }
            let server = try ManagerServer(bound, control: control, key: key, types: types)
            (birth.address, birth.identity) = (bound.address, server.identity)
            try tell(birth, over: control)
            try server.run()
        } catch {
            if birth.address == nil {
                (birth.failure, birth.errno) = ("\(error)", error.errno?.rawValue)
                try? tell(birth, over: control)
            } else {
                Log.warning("a manager's server failed: \(error)")
            }
        }
        ownName?.remove()
        Fork.leave(birth.address == nil ? EXIT_FAILURE : EXIT_SUCCESS)
    }

    private static func tell(_ birth: Birth, over control: Int32) throws(MultiprocessingError) {
        let copy = try checked("fcntl") { mp_duplicate(control) }
        try Connection(owning: copy, readable: false, writable: true).send(birth)
    }
}
