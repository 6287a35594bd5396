import CMultiprocessing
import Glibc
import SystemPackage

/// A closure that runs in a process of its own, forked from this one.
///
/// The child starts with a copy of the parent's memory: it sees every value as it was at `start()`, and what it
/// changes stays its own. Results come back through a `Pipe`, a `Pool` or shared memory.
///
///     let child = Process { print("hello from \(getpid())") }
///     try child.start()
///     try child.join()
///
/// A closure that throws prints its error on standard error, and the child exits with code 1. When the parent exits
/// normally it first terminates its daemons and then waits for its other children.
///
/// Use a `Process` from the thread that made it. The corresponding Python API is `multiprocessing.Process`.
public final class Process {
    /// What the process is called in messages and, its first 15 bytes, in `ps`.
    public let name: String
    /// Whether the child is ended when its parent ends: by `SIGTERM` where the parent exits, by `SIGKILL` where the
    /// parent is killed.
    public let daemon: Bool

    private let target: () throws -> Void
    private var child: ChildProcess?
    /// The process that started it, and the only one that can wait for it.
    private var owner: Int32 = 0

    // Processes started here and not yet reaped. Only a process with one thread can add to it.
    nonisolated(unsafe) private static var children: [Process] = []
    nonisolated(unsafe) private static var exitHandlerOwner: Int32 = 0
    nonisolated(unsafe) private static var startedCount = 0

    /// A process that is not started yet.
    ///
    /// - Parameters:
    ///   - name: `Process-N` where none is given.
    ///   - daemon: see the property.
    ///   - target: runs in the child. It keeps what it captures alive in the parent too.
    public init(name: String? = nil, daemon: Bool = false, target: @escaping () throws -> Void) {
        Process.startedCount += 1
        self.name = name ?? "Process-\(Process.startedCount)"
        self.daemon = daemon
        self.target = target
    }

    /// Forks the child, which runs the closure and exits.
    ///
    /// Throws `multipleThreads` in a process with more than one thread, `invalidState` when it was started before, and
    /// `systemCallFailed`. The corresponding Python API is `multiprocessing.Process.start`.
    public func start() throws(MultiprocessingError) {
        guard child == nil else {
            throw MultiprocessingError(.invalidState, "\(name) was already started")
        }
        try Fork.requireSingleThread(for: "Process.start")
        Process.installExitHandler()
        Process.reapFinished()
        owner = getpid()
        child = try Fork.child(deathSignal: daemon ? SIGKILL : 0) {
            _ = mp_set_process_name(name)
            do {
                try target()
            } catch {
                Fork.leave(saying: "\(name): \(error)")
            }
            Fork.leave(EXIT_SUCCESS)
        }
        Process.children.append(self)
    }

    /// Waits until the child has ended, at most for `timeout`; `nil` waits for ever.
    ///
    /// Returns how it ended, or nil when the time was over first. May be called again. Throws `invalidState` before
    /// `start()`. The corresponding Python API is `multiprocessing.Process.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> ExitStatus? {
        guard child != nil else {
            throw MultiprocessingError(.invalidState, "\(name) was not started")
        }
        guard owner == getpid() else {
            throw MultiprocessingError(.invalidState, "\(name) is a child of process \(owner), which alone can join it")
        }
        let status = try child?.wait(until: Deadline(after: timeout))
        if status != nil {
            Process.children.removeAll { $0 === self }
        }
        return status
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
        child != nil && owner == getpid() && exitStatus == nil
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

    /// Ends the calling child with a code: buffers are written out, the parent's exit handlers do not run.
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
        return children
    }

    private static func reapFinished() {
        for process in children {
            _ = process.exitStatus
        }
    }

    /// Makes a normal exit of this process end its daemons and wait for its other children.
    private static func installExitHandler() {
        guard exitHandlerOwner != getpid() else { return }
        // A child that forks in its turn inherits the handler already; it is the owner that says whom it acts for.
        if exitHandlerOwner == 0 {
            atexit { Process.endChildren() }
        }
        exitHandlerOwner = getpid()
    }

    /// Called in a child right after the fork: its parent's children are not its own.
    static func forgetInheritedChildren() {
        children.removeAll()
    }

    /// What a normal exit does.
    ///
    /// Nothing in a process that has started no children.
    static func endChildren() {
        guard exitHandlerOwner == getpid() else { return }
        for process in children where process.daemon {
            process.terminate()
        }
        for process in children where process.daemon {
            if (try? process.join(timeout: .seconds(1))) == nil {
                process.kill()
            }
        }
        for process in children {
            _ = try? process.join()
        }
    }
}
