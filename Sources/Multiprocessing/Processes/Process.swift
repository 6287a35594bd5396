import CMultiprocessing
import Glibc
import SystemPackage

/// A closure, or a `ProcessTarget`, that runs in a separate process.
///
/// A forked child starts with a copy of the parent's memory: it sees every value as it was at `start()`, and its
/// changes stay in the child. Results come back through a `Pipe`, a `Queue`, a `Pool` or shared memory. `StartMethod`
/// describes the other ways to start a child.
///
///     let child = Process { print("hello from \(getpid())") }
///     try child.start()
///     try child.join()
///
/// If the closure throws, the child prints the error on standard error and exits with code 1. When the parent exits
/// normally, it first ends its manager servers, then terminates its daemons, and waits for its other children; an
/// uncaught error at the top level is not a normal exit in Swift, see <doc:Errors>. A child reads `/dev/null` as
/// standard input unless told to inherit its parent's, and runs the `atexit` handlers that it has registered itself
/// when it ends normally.
///
/// Use a `Process` from the thread that made it. The corresponding Python API is `multiprocessing.Process`.
public final class Process {
    /// The process's name in messages and, cut to 15 bytes, in `ps`.
    public var name: String {
        identity.name
    }

    /// Whether the child ends with its parent: by `SIGTERM` if the parent exits, by `SIGKILL` if the parent is killed.
    public var daemon: Bool {
        identity.isDaemon
    }

    /// How the child is started.
    public let startMethod: StartMethod

    private let identity: ProcessIdentity
    private let launch: (ProcessIdentity) throws(MultiprocessingError) -> ProcessHandle
    private var child: ProcessHandle?
    /// The process that started it: the only one that can wait for it.
    private var owner: Int32 = 0

    // Processes started here and not yet reaped.
    private static let started = Guarded(Started())

    private struct Started {
        var children: [Process] = []
        /// The process whose normal exit ends the children.
        var exitHandlerOwner: Int32 = 0
        /// Each of these ends its running servers.
        var servers: [() -> Void] = []
    }

    /// Ends servers before children are waited for: a child may wait for an answer that only a server can give.
    static func beforeEndingChildren(_ endServers: @escaping @Sendable () -> Void) {
        started.withLock { $0.servers.append(endServers) }
    }

    /// Makes a process that will be forked; it is not started yet.
    ///
    /// - Parameters:
    ///   - name: the default is `Process-N`.
    ///   - daemon: see the property.
    ///   - standardInput: the child's standard input.
    ///   - target: runs in the child. Objects that it captures are kept alive in the parent too.
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

    /// Makes a process that will be forked; it is not started yet.
    ///
    /// The target need not be `Codable`.
    ///
    /// - Parameters:
    ///   - name: the default is `Process-N`.
    ///   - daemon: see the property.
    ///   - standardInput: the child's standard input.
    ///   - target: runs in the child.
    public convenience init(
        name: String? = nil, daemon: Bool = false, standardInput: StandardInput = .null, _ target: some ProcessTarget
    ) {
        self.init(name: name, daemon: daemon, standardInput: standardInput) { try target.run() }
    }

    /// Makes a process; it is not started yet.
    ///
    /// - Parameters:
    ///   - startMethod: how the child is started.
    ///   - name: the default is `Process-N`.
    ///   - daemon: see the property.
    ///   - standardInput: the child's standard input.
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

    /// In the child: runs the body and exits.
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
    /// Returns when a forked child has been forked, and otherwise when the child is about to run its target. Throws
    /// `invalidState` if it was started before, and `systemCallFailed`; if the child is forked, `multipleThreads` in a
    /// process with more than one thread; otherwise `encodingFailed` and `decodingFailed` if its target cannot be sent.
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

    /// Waits until the child has ended, for at most `timeout`; `nil` waits forever.
    ///
    /// Returns the exit status, or nil on a timeout. May be called again. Throws `invalidState` before `start()`, and
    /// `managerDied` if the child ended after its fork server did, so that its status is unknown.
    ///
    /// The corresponding Python API is `multiprocessing.Process.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> ExitStatus? {
        guard child != nil else {
            throw MultiprocessingError(.invalidState, "\(name) was not started")
        }
        guard owner == getpid() else {
            throw MultiprocessingError(
                .invalidState, "\(name) is a child of process \(owner), and only that process can join it")
        }
        do throws(MultiprocessingError) {
            let status = try child?.wait(until: Deadline(after: timeout))
            if let status {
                forget()
                Log.debug("\(name), process \(pid ?? 0), \(status)")
            }
            return status
        } catch {
            // It has ended, but its status is unknown: the fork server has died.
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
    /// The `Process` owns it: do not close it. The corresponding Python API is
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
        // Its parent may have reaped it, and another process may have reused its pid.
        if owner == getpid() {
            child?.send(signal: signal)
        }
    }

    /// Ends the calling child with a code.
    ///
    /// Runs the `atexit` handlers that the child has registered itself, and none of its parent's; ends or waits for its
    /// own children, and flushes buffers. The C function `exit` does the same in a child.
    ///
    /// The corresponding Python API is `sys.exit` in a child.
    public static func exit(_ code: Int32) -> Never {
        Fork.leave(code)
    }

    /// The children that this process has started and that are still alive; reaps those that have ended.
    ///
    /// The corresponding Python API is `multiprocessing.active_children`.
    public static var activeChildren: [Process] {
        reapFinished()
        return started.withLock { $0.children }
    }

    /// Ends the process that forks children for `StartMethod.forkserver`, and waits for it to end.
    ///
    /// Does nothing if none is running; the next such start makes a new one. Its children keep running, but their exit
    /// status is no longer available: `join` throws `managerDied`.
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
            // A child that forks in turn inherits the handler, so the owner decides for which process it acts.
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
    /// Does nothing in a process that has started no children.
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
            // A daemon that cannot be sent a signal is ended by the kernel with this process.
            _ = try? process.join(timeout: process.daemon ? .seconds(1) : nil)
        }
        ForkServer.stop()
    }
}

extension Process: CustomStringConvertible {
    /// Its name, process ID and state: `Process(Process-1, process 123, running)`, `…, exited with code 3)`.
    ///
    /// Does not block and reaps no process: a child that has ended but was not waited for is just `ended`. The
    /// corresponding
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
    /// Ready when the process has ended; invalid before `start()`, and in a process that did not start it.
    public var waitState: WaitState {
        guard let sentinel else {
            return .invalid(child == nil ? "\(name), which was not started" : "\(name), a child of process \(owner)")
        }
        return .descriptor(sentinel, writable: false)
    }
}

/// `Process` under a second name, for files that also import Foundation, which has a `Process` of its own.
///
/// The corresponding Python API is `multiprocessing.Process`.
public typealias ChildProcess = Process
