import CMultiprocessing
import Glibc
import SystemPackage

/// The only place that forks.
///
/// Only a process with one thread may fork: `fork` copies the memory but only the caller's thread, so a lock that
/// another thread held (the allocator's, a stream's) stays locked in the child forever.
enum Fork {
    /// Runs `body` in a child and returns the child.
    ///
    /// `body` must not return: it must leave with `_exit`.
    ///
    /// - Parameter deathSignal: sent to the child when this process ends for any reason; 0 for none.
    // Small, so that it is inlined: if Swift 6.2 specializes it for a closure instead, it releases the closure's
    // captures before calling it, because the call never returns.
    @inline(__always)
    static func child(
        deathSignal: Int32, _ body: () -> Never
    ) throws(MultiprocessingError) -> ProcessHandle {
        if let child = try forked(deathSignal) {
            return child
        }
        body()
    }

    /// The child; nil in the child itself, after it has dropped everything that belongs only to its parent.
    @inline(never)
    private static func forked(_ deathSignal: Int32) throws(MultiprocessingError) -> ProcessHandle? {
        // Otherwise the parent and the child would both write the contents of the streams' buffers.
        fflush(nil)
        // If a supervisor started this program with SIGCHLD ignored, children would vanish together with their
        // statuses.
        mp_keep_child_statuses()
        let parent = getpid()
        let pipe = try EndingPipe.ifNeeded()
        let pid: pid_t
        do throws(MultiprocessingError) {
            pid = try checked("fork") { fork() }
        } catch {
            pipe?.close()
            throw error
        }
        guard pid == 0 else {
            if let pipe {
                return ProcessHandle(pid: pid, ending: pipe.sentinel())
            }
            return try ProcessHandle(pid: pid)
        }
        if deathSignal != 0 {
            _ = mp_set_parent_death_signal(deathSignal)
            // The parent may have ended before the line above; then the signal will never be sent.
            if getppid() != parent {
                _exit(EXIT_FAILURE)
            }
        }
        beginExitHandlers()
        PrivateDescriptors.closeAll()
        pipe?.keep()
        HandedDescriptor.forgetInherited()
        for forget in hooks.withLock({ $0.inChild }) {
            forget()
        }
        return nil
    }

    private struct Hooks {
        var inChild: [() -> Void] = []
        var beforeLeaving: [() -> Void] = []
    }

    private static let hooks = Guarded(Hooks())

    /// Registers a function that each child forked from now on runs first, to drop what belongs only to its parent.
    static func whenForked(_ forget: @escaping @Sendable () -> Void) {
        hooks.withLock { $0.inChild.append(forget) }
    }

    /// Registers a function that this process and its forked children run when they end normally; it must check whether
    /// it concerns the calling process.
    static func beforeLeaving(_ act: @escaping @Sendable () -> Void) {
        let isFirst = hooks.withLock { hooks in
            defer { hooks.beforeLeaving.append(act) }
            return hooks.beforeLeaving.isEmpty
        }
        if isFirst {
            atexit { Fork.finish() }
        }
    }

    private static func finish() {
        for act in hooks.withLock({ $0.beforeLeaving }) {
            act()
        }
    }

    /// In a child, before it does anything: makes a normal end run the handlers that it registers itself with `atexit`,
    /// as in Python, and none of its parent's.
    static func beginExitHandlers() {
        guard mp_begin_exit_handlers({ Fork.finish() }) == 0 else { _exit(EXIT_FAILURE) }
    }

    /// Whether the calling process has exactly one thread.
    static var isSafe: Bool {
        // One system call instead of opening, reading and closing a file: a start takes a tenth less time.
        let answer = mp_has_one_thread()
        return answer < 0 ? threadCount == 1 : answer == 1
    }

    /// Throws unless the calling process has exactly one thread.
    static func requireSingleThread(for purpose: String) throws(MultiprocessingError) {
        guard !isSafe else { return }
        throw MultiprocessingError(
            .multipleThreads,
            "\(purpose) forks, which is safe only in a process with one thread, and this one has \(threadCount): "
                + "do it before the first Task, DispatchQueue or Foundation.Process, or spawn (StartMethod)")
    }

    private static var threadCount: Int {
        // The process's name, in parentheses, may contain anything; the fields after it have no parentheses. The thread
        // count is the 20th field of all, so the 18th after the name.
        guard let stat = textOfFile("/proc/self/stat"), let nameEnd = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else {
            return 1
        }
        let fields = stat[nameEnd...].split(separator: " ")
        return fields.count > 18 ? Int(fields[18]) ?? 1 : 1
    }

    /// Ends a child that has failed, after printing the error on standard error.
    static func leave(saying error: String) -> Never {
        _ = try? FileDescriptor.standardError.writeAll((error + "\n").utf8)
        leave(EXIT_FAILURE)
    }

    /// Ends a child normally: runs its own exit handlers, ends or waits for its children, then flushes its buffers.
    static func leave(_ code: Int32) -> Never {
        exit(code)
    }
}
