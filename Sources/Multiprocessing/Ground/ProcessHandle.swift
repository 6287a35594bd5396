import CMultiprocessing
import Glibc
import SystemPackage

/// A child that nobody has waited for yet.
struct ProcessHandle: ~Copyable {
    let pid: Int32
    /// The pipe whose end is a daemon's end, where it was not forked by this process.
    var lifeline: PrivateDescriptor?
    private let ending: PrivateDescriptor
    /// Asks the fork server how a child ended that is its own and not ours.
    private let reportedStatus: (() throws(MultiprocessingError) -> ExitStatus)?
    private(set) var status: ExitStatus?

    /// A child that this process has just made.
    init(pid: Int32) throws(MultiprocessingError) {
        do {
            self.init(pid: pid, ending: PrivateDescriptor(owning: try checked("pidfd_open") { mp_pidfd_open(pid) }))
        } catch {
            // Without a descriptor nobody could wait for it with a timeout, and it would go on unseen.
            _ = kill(pid, SIGKILL)
            _ = waitpid(pid, nil, 0)
            throw error
        }
    }

    /// A child that this process has just made, with a descriptor that becomes readable when it ends.
    ///
    /// - Parameter reportedStatus: asks who has made it in place of this process how it ended, once it has.
    init(
        pid: Int32, ending: consuming PrivateDescriptor,
        reportedStatus: (() throws(MultiprocessingError) -> ExitStatus)? = nil
    ) {
        self.pid = pid
        self.ending = ending
        self.reportedStatus = reportedStatus
        lifeline = nil
    }

    /// Readable once the process has ended.
    var sentinel: Int32 {
        ending.number
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
        if let reportedStatus {
            status = try reportedStatus()
            return status
        }
        var information = siginfo_t()
        _ = try checked("waitid") { waitid(P_PID, id_t(pid), &information, WEXITED) }
        status = ExitStatus(code: information.si_code, status: information._sifields._sigchld.si_status)
        return status
    }

    /// Sends a signal, unless the process was reaped and its number may mean another one.
    ///
    /// False where the kernel, or who stands before it, lets nobody send one.
    @discardableResult
    func send(signal: Int32) -> Bool {
        guard status == nil, mp_pidfd_send_signal(sentinel, signal) != 0, errno != ESRCH else { return true }
        // A sandbox, or a kernel before 5.1, may know of no other way than the number. Nobody else has that before we
        // have waited for the process; the fork server's children are waited for there, but hardly in this moment.
        guard reportedStatus == nil || isRunning else { return true }
        return kill(pid, signal) == 0 || errno == ESRCH
    }

    /// Ends the process at once and waits for its end.
    ///
    /// Not for longer than a second where it can be sent no signal.
    @discardableResult
    mutating func end() -> ExitStatus? {
        let isSent = send(signal: SIGKILL)
        return try? wait(until: Deadline(after: isSent ? nil : .seconds(1)))
    }
}

/// How a parent learns of the end of a child that it forks where there are no descriptors of processes: Linux before
/// 5.3, and sandboxes that do not know of them.
///
/// Of a pipe nobody but the child has the writing end, so that the reading end is at its end when the child is.
struct EndingPipe {
    private let reader: Int32
    private let writer: Int32

    /// The writing end of the calling process's own pipe; its children do not keep it.
    nonisolated(unsafe) private static var own: PrivateDescriptor?

    /// Nil where there are descriptors of processes.
    static func ifNeeded() throws(MultiprocessingError) -> EndingPipe? {
        let descriptor = mp_pidfd_open(getpid())
        if descriptor >= 0 {
            _ = Glibc.close(descriptor)
            return nil
        }
        // These go by, or would keep a pipe from being opened as well.
        if [EMFILE, ENFILE, ENOMEM].contains(errno) {
            throw MultiprocessingError.systemCall("pidfd_open", Errno(rawValue: errno))
        }
        let (reader, writer) = try makePipe()
        return EndingPipe(reader: reader, writer: writer)
    }

    /// In the parent: what is readable once the child has ended.
    func sentinel() -> PrivateDescriptor {
        _ = Glibc.close(writer)
        return PrivateDescriptor(owning: reader)
    }

    /// In the child, for all its life.
    func keep() {
        _ = Glibc.close(reader)
        EndingPipe.own = PrivateDescriptor(owning: writer)
    }

    /// Where there is no child.
    func close() {
        _ = Glibc.close(reader)
        _ = Glibc.close(writer)
    }
}
