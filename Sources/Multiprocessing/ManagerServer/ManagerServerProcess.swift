import CMultiprocessing
import Glibc
import SystemPackage

/// A manager server, as the process has it that made it.
///
/// Who removes the socket's name? Both sides know it, and each removes it when it sees the other end: the server when
/// this process closes the control socket or dies, in which case the kernel sends it SIGTERM, whose handler does
/// nothing else; this process when it has seen the server end. SIGTERM is blocked over the fork, so that there is no
/// moment at which it would end the server before the handler is there. Only when both are killed at once is the name
/// left. (A death signal of SIGKILL would leave it whenever this process is killed.)
final class ManagerServerProcess {
    /// What the server says when it listens, or cannot.
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
    /// Closed to end the server.
    private var control: PrivateDescriptor?
    private let name: SocketName?

    /// The name that the signal handler removes; in a server only.
    nonisolated(unsafe) private static var ownName: SocketName?

    /// Starts a server and waits until it listens.
    ///
    /// - Parameter start: starts it with its end of the control socket, which stays the caller's to close.
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

    /// Those that this process has started, and copies of its parent's where it was forked.
    private static let all = Guarded<[Reference]>([])

    /// Done once.
    private static let endWithTheProcess: Void = Process.beforeEndingChildren(endAll)

    /// Ends those that run, as a normal exit does.
    private static func endAll() {
        for reference in all.withLock({ $0 }) {
            reference.server?.end()
        }
    }

    /// Ends the server and waits for that.
    func end() {
        // A child inherits the object with the memory; the server is its parent's.
        guard owner == getpid(), process.status == nil else { return }
        if let number = control?.number {
            // Also for the copies of children that the library has not forked.
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

    /// Forks a server, which has all that the types' closures capture.
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
        // The text was an error's description, which ends with what `errno` says again.
        let ending = errno.map { ": \($0)" } ?? ""
        let text = birth.failure.hasSuffix(ending) ? String(birth.failure.dropLast(ending.count)) : birth.failure
        return MultiprocessingError(birth.isOfInitializer ? .initializerFailed : .systemCallFailed, text, errno: errno)
    }

    /// What a server leaves that was killed before it could say where it listens.
    private static func removeLeftovers(of place: BoundSocket.Place) {
        if case .privateDirectory(let directory) = place {
            unlink(BoundSocket.Place.path(in: directory))
            rmdir(directory)
        }
    }

    // MARK: In the server

    /// The server's whole life.
    static func serve(
        at place: BoundSocket.Place, key: AuthenticationKey, types: [any ServedType],
        _ initializer: () throws -> Void, reportingTo control: Int32
    ) -> Never {
        // As for a pool manager: a terminal's signals are for the creator to answer.
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
                Log.warning("a manager's server cannot go on: \(error)")
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
