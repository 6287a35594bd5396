import CMultiprocessing
import Glibc
import SystemPackage

/// The one place that forks.
///
/// Only a process with one thread may: `fork` copies the memory but no thread other than the caller's, so a lock that
/// another thread held (the allocator's, a stream's) stays locked in the child for ever.
enum Fork {
    /// Runs `body` in a child and returns the child.
    ///
    /// `body` must not return: it leaves with `_exit`.
    ///
    /// - Parameter deathSignal: sent to the child when this process ends, whatever ends it; 0 for none.
    // Small, so that it is inlined: where Swift 6.2 specializes it for a closure instead, it lets go of what the closure
    // has captured before it calls it, as the call never returns.
    @inline(__always)
    static func child(
        deathSignal: Int32, _ body: () -> Never
    ) throws(MultiprocessingError) -> ProcessHandle {
        if let child = try forked(deathSignal) {
            return child
        }
        body()
    }

    /// The child; nil in the child itself, where nothing is left of what is its parent's alone.
    @inline(never)
    private static func forked(_ deathSignal: Int32) throws(MultiprocessingError) -> ProcessHandle? {
        // Otherwise what stands in a stream's buffer would be written by the parent and again by the child.
        fflush(nil)
        // Where a supervisor has started this program with SIGCHLD ignored, children would vanish with their statuses.
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
            // The parent may have ended before the line above; then nobody will ever send the signal.
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

    /// Has each child that is forked from now on do something first: it lets go of what is its parent's alone.
    static func whenForked(_ forget: @escaping @Sendable () -> Void) {
        hooks.withLock { $0.inChild.append(forget) }
    }

    /// Has this process and its forked children do something when they end normally; it says for whom it acts.
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

    /// In a child, before it does anything: a normal end runs what it registers itself with `atexit`, as Python has it,
    /// and nothing that its parent did.
    static func beginExitHandlers() {
        guard mp_begin_exit_handlers({ Fork.finish() }) == 0 else { _exit(EXIT_FAILURE) }
    }

    /// Whether the calling process has exactly one thread.
    static var isSafe: Bool {
        // One call in place of a file to open, read and close: a start takes a tenth less time.
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
        // The process's name, in parentheses, may hold anything; the fields that follow its end have no parentheses.
        // The count is the 20th field of all, so the 18th after the name.
        guard let stat = textOfFile("/proc/self/stat"), let nameEnd = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else {
            return 1
        }
        let fields = stat[nameEnd...].split(separator: " ")
        return fields.count > 18 ? Int(fields[18]) ?? 1 : 1
    }

    /// Ends a child that has failed: says why on standard error.
    static func leave(saying error: String) -> Never {
        _ = try? FileDescriptor.standardError.writeAll((error + "\n").utf8)
        leave(EXIT_FAILURE)
    }

    /// Ends a child normally: its own exit handlers run, its children are ended or waited for, then its buffers are written
    /// out.
    static func leave(_ code: Int32) -> Never {
        exit(code)
    }
}
