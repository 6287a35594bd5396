import CMultiprocessing
import Glibc
import SystemPackage

/// A child that nobody has waited for yet.
struct ChildProcess: ~Copyable {
    let pid: Int32
    /// The pipe whose end is a daemon's end, where it was not forked by this process.
    var lifeline: PrivateDescriptor?
    private let process: PrivateDescriptor
    /// What the fork server tells of a child that is its own and not ours.
    private let reports: Connection?
    private(set) var status: ExitStatus?

    /// A child that this process has just made.
    init(pid: Int32) throws(MultiprocessingError) {
        self.pid = pid
        lifeline = nil
        reports = nil
        do {
            process = PrivateDescriptor(owning: try checked("pidfd_open") { mp_pidfd_open(pid) })
        } catch {
            // Without a descriptor nobody could wait for it with a timeout, and it would go on unseen.
            _ = kill(pid, SIGKILL)
            _ = waitpid(pid, nil, 0)
            throw error
        }
    }

    /// A child that the fork server has made.
    init(pid: Int32, process: consuming PrivateDescriptor, reports: Connection) {
        self.pid = pid
        self.process = process
        self.reports = reports
        lifeline = nil
    }

    /// Readable once the process has ended.
    var sentinel: Int32 {
        process.number
    }

    /// Whether it has not ended, reaped or not.
    var isRunning: Bool {
        var entries = [pollfd(fd: sentinel, events: Int16(POLLIN), revents: 0)]
        return status == nil && (try? poll(&entries, until: Deadline(after: .zero))) == 0
    }

    /// Waits for the process to end and reaps it; nil when the time is over first.
    mutating func wait(until deadline: Deadline) throws(MultiprocessingError) -> ExitStatus? {
        if let status {
            return status
        }
        var entries = [pollfd(fd: sentinel, events: Int16(POLLIN), revents: 0)]
        guard try poll(&entries, until: deadline) > 0 else { return nil }
        if let reports {
            defer { reports.close() }
            status = try ForkServer.status(of: pid, from: reports)
            return status
        }
        var information = siginfo_t()
        _ = try checked("waitid") { waitid(P_PID, id_t(pid), &information, WEXITED) }
        status = ExitStatus(code: information.si_code, status: information._sifields._sigchld.si_status)
        return status
    }

    /// Sends a signal, unless the process was reaped and its number may mean another one.
    func send(signal: Int32) {
        if status == nil {
            _ = mp_pidfd_send_signal(sentinel, signal)
        }
    }
}
