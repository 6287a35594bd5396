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
    static func child(
        deathSignal: Int32, _ body: () -> Never
    ) throws(MultiprocessingError) -> ChildProcess {
        // Otherwise what stands in a stream's buffer would be written by the parent and again by the child.
        fflush(nil)
        // Where a supervisor has started this program with SIGCHLD ignored, children would vanish with their statuses.
        mp_keep_child_statuses()
        let parent = getpid()
        let pid = try checked("fork") { fork() }
        guard pid == 0 else {
            return try ChildProcess(pid: pid)
        }
        if deathSignal != 0 {
            _ = mp_set_parent_death_signal(deathSignal)
            // The parent may have ended before the line above; then nobody will ever send the signal.
            if getppid() != parent {
                _exit(EXIT_FAILURE)
            }
        }
        PrivateDescriptors.closeAll()
        Process.forgetInheritedChildren()
        body()
    }

    /// Throws unless the calling process has exactly one thread.
    static func requireSingleThread(for purpose: String) throws(MultiprocessingError) {
        let threads = threadCount
        guard threads == 1 else {
            throw MultiprocessingError(
                .multipleThreads,
                "\(purpose) forks, which is safe only in a process with one thread, and this one has \(threads): "
                    + "do it before the first Task, DispatchQueue or Foundation.Process")
        }
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

    /// Ends a child as a normal exit would: its own children first, then its buffers are written out.
    ///
    /// The parent's exit handlers do not run.
    static func leave(_ code: Int32) -> Never {
        Process.endChildren()
        fflush(nil)
        _exit(code)
    }
}

/// A child of this process that nobody has waited for yet.
struct ChildProcess: ~Copyable {
    let pid: Int32
    private let descriptor: PrivateDescriptor
    private(set) var status: ExitStatus?

    init(pid: Int32) throws(MultiprocessingError) {
        self.pid = pid
        do {
            descriptor = PrivateDescriptor(owning: try checked("pidfd_open") { mp_pidfd_open(pid) })
        } catch {
            // Without a descriptor nobody could wait for it with a timeout, and it would go on unseen.
            _ = kill(pid, SIGKILL)
            _ = waitpid(pid, nil, 0)
            throw error
        }
    }

    /// Readable once the process has ended.
    var sentinel: Int32 {
        descriptor.number
    }

    /// Waits for the process to end and reaps it; nil when the time is over first.
    mutating func wait(until deadline: Deadline) throws(MultiprocessingError) -> ExitStatus? {
        if let status {
            return status
        }
        var entries = [pollfd(fd: sentinel, events: Int16(POLLIN), revents: 0)]
        guard try poll(&entries, until: deadline) > 0 else { return nil }
        var information = siginfo_t()
        _ = try checked("waitid") { waitid(P_PID, id_t(pid), &information, WEXITED) }
        status = ExitStatus(code: information.si_code, status: information._sifields._sigchld.si_status)
        return status
    }

    /// Sends a signal, unless the process was reaped and its number may mean another one.
    func send(signal: Int32) {
        if status == nil {
            _ = kill(pid, signal)
        }
    }
}
