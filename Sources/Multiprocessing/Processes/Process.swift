import CMultiprocessing
import Glibc
import SystemPackage

/// A closure, or a `ProcessTarget`, that runs in a process of its own.
///
/// A forked child starts with a copy of the parent's memory: it sees every value as it was at `start()`, and what it
/// changes stays its own. Results come back through a `Pipe`, a `Queue`, a `Pool` or shared memory. `StartMethod` tells of
/// the other ways to start one.
///
///     let child = Process { print("hello from \(getpid())") }
///     try child.start()
///     try child.join()
///
/// A closure that throws prints its error on standard error, and the child exits with code 1. When the parent exits
/// normally it first ends its manager servers, then terminates its daemons, and waits for its other children; an error that
/// nobody catches at the top level is no normal exit in Swift, see <doc:Errors>. A child
/// reads `/dev/null` as standard input unless it is to have its parent's, and runs what it has itself registered with
/// `atexit` when it ends normally.
///
/// Use a `Process` from the thread that made it. The corresponding Python API is `multiprocessing.Process`.
public final class Process {
    /// What the process is called in messages and, its first 15 bytes, in `ps`.
    public var name: String {
        identity.name
    }

    /// Whether the child is ended when its parent ends: by `SIGTERM` where the parent exits, by `SIGKILL` where the
    /// parent is killed.
    public var daemon: Bool {
        identity.isDaemon
    }

    /// How the child comes to be.
    public let startMethod: StartMethod

    private let identity: ProcessIdentity
    private let launch: (ProcessIdentity) throws(MultiprocessingError) -> ProcessHandle
    private var child: ProcessHandle?
    /// The process that started it, and the only one that can wait for it.
    private var owner: Int32 = 0

    // Processes started here and not yet reaped.
    private static let started = Guarded(Started())

    private struct Started {
        var children: [Process] = []
        /// Whose normal exit ends them.
        var exitHandlerOwner: Int32 = 0
        /// Each ends servers that run.
        var servers: [() -> Void] = []
    }

    /// Has servers end before children are waited for: one may wait for what only a server can answer.
    static func beforeEndingChildren(_ endServers: @escaping @Sendable () -> Void) {
        started.withLock { $0.servers.append(endServers) }
    }

    /// A process that is not started yet, and will be forked.
    ///
    /// - Parameters:
    ///   - name: `Process-N` where none is given.
    ///   - daemon: see the property.
    ///   - standardInput: what the child reads there.
    ///   - target: runs in the child. It keeps what it captures alive in the parent too.
    public init(
        name: String? = nil, daemon: Bool = false, standardInput: StandardInput = .null,
        target: @escaping () throws -> Void
    ) {
        identity = ProcessIdentity.current.child(named: name, isDaemon: daemon)
        startMethod = .fork
        launch = { identity throws(MultiprocessingError) in
            try Fork.requireSingleThread(for: "Process.start")
            return try Fork.child(deathSignal: identity.isDaemon ? SIGKILL : 0) {
                ProcessIdentity.become(identity)
                standardInput.takeInForkedChild()
                Process.live(target)
            }
        }
    }

    /// A process that is not started yet, and will be forked; the target need not be `Codable`.
    ///
    /// - Parameters:
    ///   - name: `Process-N` where none is given.
    ///   - daemon: see the property.
    ///   - standardInput: what the child reads there.
    ///   - target: runs in the child.
    public convenience init(
        name: String? = nil, daemon: Bool = false, standardInput: StandardInput = .null, _ target: some ProcessTarget
    ) {
        self.init(name: name, daemon: daemon, standardInput: standardInput) { try target.run() }
    }

    /// A process that is not started yet.
    ///
    /// - Parameters:
    ///   - startMethod: how the child comes to be.
    ///   - name: `Process-N` where none is given.
    ///   - daemon: see the property.
    ///   - standardInput: what the child reads there.
    ///   - target: is sent to the child and runs there.
    ///
    /// The corresponding Python API is `multiprocessing.get_context(method).Process`.
    public init<Target: ProcessTarget & Codable>(
        startMethod: StartMethod, name: String? = nil, daemon: Bool = false, standardInput: StandardInput = .null,
        _ target: Target
    ) {
        identity = ProcessIdentity.current.child(named: name, isDaemon: daemon)
        self.startMethod = startMethod
        let entry = TargetEntry(target: target)
        launch = { identity throws(MultiprocessingError) in
            switch startMethod {
            case .spawn: return try Spawn.start(entry, identity, standardInput)
            case .forkserver: return try ForkServer.start(entry, identity, standardInput)
            case .fork:
                try Fork.requireSingleThread(for: "Process.start")
                return try Fork.child(deathSignal: identity.isDaemon ? SIGKILL : 0) {
                    ProcessIdentity.become(identity)
                    standardInput.takeInForkedChild()
                    entry.main()
                }
            }
        }
    }

    /// In the child: runs the body and leaves.
    static func live(_ body: () throws -> Void) -> Never {
        do {
            try body()
        } catch {
            Fork.leave(saying: "\(ProcessIdentity.current.name): \(error)")
        }
        Fork.leave(EXIT_SUCCESS)
    }

    /// Starts the child, which runs the target and exits.
    ///
    /// Returns when the child is about to run its target; of a forked one, when it is forked. Throws `invalidState` when
    /// it was started before, `systemCallFailed`; where it is forked, `multipleThreads` in a process with more than one
    /// thread; where it is not, `encodingFailed` and `decodingFailed` when its target cannot be sent.
    ///
    /// The corresponding Python API is `multiprocessing.Process.start`.
    public func start() throws(MultiprocessingError) {
        guard child == nil else {
            throw MultiprocessingError(.invalidState, "\(name) was already started")
        }
        Process.installExitHandler()
        Process.reapFinished()
        owner = getpid()
        child = try launch(identity)
        Process.started.withLock { $0.children.append(self) }
        Log.debug("started \(name) as process \(pid ?? 0)")
    }

    /// Waits until the child has ended, at most for `timeout`; `nil` waits for ever.
    ///
    /// Returns how it ended, or nil when the time was over first. May be called again. Throws `invalidState` before
    /// `start()`, and `managerDied` when it has ended after its fork server had, so that nobody knows how.
    ///
    /// The corresponding Python API is `multiprocessing.Process.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> ExitStatus? {
        guard child != nil else {
            throw MultiprocessingError(.invalidState, "\(name) was not started")
        }
        guard owner == getpid() else {
            throw MultiprocessingError(.invalidState, "\(name) is a child of process \(owner), which alone can join it")
        }
        do throws(MultiprocessingError) {
            let status = try child?.wait(until: Deadline(after: timeout))
            if let status {
                forget()
                Log.debug("\(name), process \(pid ?? 0), \(status)")
            }
            return status
        } catch {
            // It has ended, and how is not known: the fork server has died.
            forget()
            throw error
        }
    }

    private func forget() {
        Process.started.withLock { $0.children.removeAll { $0 === self } }
    }

    /// The child's process id; nil before `start()`.
    ///
    /// The corresponding Python API is `multiprocessing.Process.pid`.
    public var pid: Int32? {
        child?.pid
    }

    /// Whether the child was started and has not ended.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Process.is_alive`.
    public var isAlive: Bool {
        guard owner == getpid(), exitStatus == nil else { return false }
        return child?.isRunning ?? false
    }

    /// How the child ended; nil before `start()` and while it runs.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Process.exitcode`.
    public var exitStatus: ExitStatus? {
        child == nil || owner != getpid() ? nil : try? join(timeout: .zero)
    }

    /// A descriptor that becomes readable when the child ends, for `wait(for:timeout:)`; nil before `start()`.
    ///
    /// It stays the `Process`'s own: do not close it. The corresponding Python API is
    /// `multiprocessing.Process.sentinel`.
    public var sentinel: FileDescriptor? {
        owner == getpid() ? (child?.sentinel).map { FileDescriptor(rawValue: $0) } : nil
    }

    /// Sends `SIGTERM` to the child, if it runs.
    ///
    /// Does not wait.
    ///
    /// The corresponding Python API is `multiprocessing.Process.terminate`.
    public func terminate() {
        send(signal: SIGTERM)
    }

    /// Sends `SIGKILL` to the child, if it runs.
    ///
    /// Does not wait.
    ///
    /// The corresponding Python API is `multiprocessing.Process.kill`.
    public func kill() {
        send(signal: SIGKILL)
    }

    private func send(signal: Int32) {
        // Its parent may have reaped it, and another process may have its number.
        if owner == getpid() {
            child?.send(signal: signal)
        }
    }

    /// Ends the calling child with a code.
    ///
    /// What it has registered with `atexit` runs, what its parent had registered does not; its own children are ended or
    /// waited for, and buffers are written out. The C function `exit` does the same in a child.
    ///
    /// The corresponding Python API is `sys.exit` in a child.
    public static func exit(_ code: Int32) -> Never {
        Fork.leave(code)
    }

    /// The children of this process that were started and are still alive; those that ended are reaped.
    ///
    /// The corresponding Python API is `multiprocessing.active_children`.
    public static var activeChildren: [Process] {
        reapFinished()
        return started.withLock { $0.children }
    }

    /// Ends the process that forks children for `StartMethod.forkserver`, and waits for its end.
    ///
    /// Does nothing where none runs; the next such start makes a new one. Its children run on, but how they end is not
    /// known any more: `join` throws `managerDied`.
    public static func stopForkServer() {
        ForkServer.stop()
    }

    private static func reapFinished() {
        for process in started.withLock({ $0.children }) {
            _ = process.exitStatus
        }
    }

    /// Makes a normal exit of this process end its daemons and wait for its other children.
    private static func installExitHandler() {
        let isFirst = started.withLock { started in
            // A child that forks in its turn inherits the handler already; it is the owner that says whom it acts for.
            defer { started.exitHandlerOwner = getpid() }
            return started.exitHandlerOwner == 0
        }
        if isFirst {
            Fork.whenForked(forgetInheritedChildren)
            Fork.beforeLeaving(endChildren)
        }
    }

    /// Called in a child right after the fork: its parent's children are not its own.
    private static func forgetInheritedChildren() {
        started.withLock { $0.children.removeAll() }
    }

    /// What a normal exit does.
    ///
    /// Nothing in a process that has started no children.
    static func endChildren() {
        let children = started.withLock { $0.exitHandlerOwner == getpid() ? $0.children : nil }
        guard let children else { return }
        for end in started.withLock({ $0.servers }) {
            end()
        }
        for process in children where process.daemon {
            process.terminate()
        }
        for process in children where process.daemon {
            if (try? process.join(timeout: .seconds(1))) == nil {
                process.kill()
            }
        }
        for process in children {
            // A daemon that can be sent no signal, the kernel ends with this process.
            _ = try? process.join(timeout: process.daemon ? .seconds(1) : nil)
        }
        ForkServer.stop()
    }
}

extension Process: CustomStringConvertible {
    /// Its name, its number and how it fares: `Process(Process-1, process 123, running)`, `…, exited with code 3)`.
    ///
    /// Does not block, and reaps nobody: a child that has ended and was not waited for has just `ended`. The corresponding
    /// Python API is `repr(process)`.
    public var description: String {
        let text = "Process(\(name)" + (daemon ? ", daemon" : "")
        guard let pid else { return text + ", not started)" }
        guard owner == getpid() else { return text + ", process \(pid), a child of process \(owner))" }
        let state: String
        if let status = child?.status {
            state = "\(status)"
        } else {
            state = child?.isRunning ?? false ? "running" : "ended"
        }
        return text + ", process \(pid), \(state))"
    }
}

/// A process that runs a `ProcessTarget`.
struct TargetEntry<Target: ProcessTarget & Codable>: ProcessEntry {
    let target: Target

    func main() -> Never {
        Process.live { try target.run() }
    }
}

extension Process: Waitable {
    /// Ready when the process has ended; a mistake before `start()`, and in a process that has not started it.
    public var waitState: WaitState {
        guard let sentinel else {
            return .invalid(child == nil ? "\(name), which was not started" : "\(name), a child of process \(owner)")
        }
        return .descriptor(sentinel, writable: false)
    }
}

/// `Process`, in a file that imports Foundation too, which has another one.
///
/// The corresponding Python API is `multiprocessing.Process`.
public typealias ChildProcess = Process
