import CMultiprocessing
import Glibc
import SystemPackage

/// A child that has not been waited for yet.
struct ProcessHandle: ~Copyable {
    let pid: Int32
    /// The pipe whose closing ends a daemon that was not forked by this process.
    var lifeline: PrivateDescriptor?
    private let ending: PrivateDescriptor
    /// Asks the fork server for the status of a child that the server forked.
    private let reportedStatus: (() throws(MultiprocessingError) -> ExitStatus)?
    private(set) var status: ExitStatus?

    /// A child that this process has just forked.
    init(pid: Int32) throws(MultiprocessingError) {
        do {
            self.init(pid: pid, ending: PrivateDescriptor(owning: try checked("pidfd_open") { mp_pidfd_open(pid) }))
        } catch {
            // Without a descriptor it could not be waited for with a timeout, and would keep running unsupervised.
            _ = kill(pid, SIGKILL)
            _ = waitpid(pid, nil, 0)
            throw error
        }
    }

    /// A child with a descriptor that becomes readable when it ends.
    ///
    /// - Parameter reportedStatus: gets the status, once it has ended, from the process that forked it instead of this
    ///   one.
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

    /// Whether it is still running; a zombie is not.
    var isRunning: Bool {
        var entries = [pollfd(fd: sentinel, events: Int16(POLLIN), revents: 0)]
        return status == nil && (try? poll(&entries, until: Deadline(after: .zero))) == 0
    }

    /// Waits for the process to end and reaps it; nil on a timeout.
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

    /// Sends a signal, unless the process was reaped and its pid may have been reused.
    ///
    /// False if the kernel or a sandbox does not allow sending signals.
    @discardableResult
    func send(signal: Int32) -> Bool {
        guard status == nil, mp_pidfd_send_signal(sentinel, signal) != 0, errno != ESRCH else { return true }
        // A sandbox, or a kernel before 5.1, may only know signals by pid. The pid cannot be reused before we have
        // waited for the process. The fork server's children are reaped by the server, so there reuse is possible, but
        // only in this short moment.
        guard reportedStatus == nil || isRunning else { return true }
        return kill(pid, signal) == 0 || errno == ESRCH
    }

    /// Kills the process and waits for it to end.
    ///
    /// Waits at most a second if it cannot be sent a signal.
    @discardableResult
    mutating func end() -> ExitStatus? {
        let isSent = send(signal: SIGKILL)
        return try? wait(until: Deadline(after: isSent ? nil : .seconds(1)))
    }
}

/// How a parent learns that a forked child has ended where there are no pidfds: Linux before 5.3, and sandboxes that do
/// not support them.
///
/// Only the child has the writing end of a pipe, so the reading end reports end-of-file when the child ends.
struct EndingPipe {
    private let reader: Int32
    private let writer: Int32

    /// The writing end of the calling process's own pipe; its children do not keep it.
    nonisolated(unsafe) private static var own: PrivateDescriptor?

    /// Nil if there are pidfds.
    static func ifNeeded() throws(MultiprocessingError) -> EndingPipe? {
        let descriptor = mp_pidfd_open(getpid())
        if descriptor >= 0 {
            _ = Glibc.close(descriptor)
            return nil
        }
        // These are temporary, or would also prevent opening a pipe.
        if [EMFILE, ENFILE, ENOMEM].contains(errno) {
            throw MultiprocessingError.systemCall("pidfd_open", Errno(rawValue: errno))
        }
        let (reader, writer) = try makePipe()
        return EndingPipe(reader: reader, writer: writer)
    }

    /// In the parent: a descriptor that is readable once the child has ended.
    func sentinel() -> PrivateDescriptor {
        _ = Glibc.close(writer)
        return PrivateDescriptor(owning: reader)
    }

    /// In the child, for its whole life.
    func keep() {
        _ = Glibc.close(reader)
        EndingPipe.own = PrivateDescriptor(owning: writer)
    }

    /// When there is no child.
    func close() {
        _ = Glibc.close(reader)
        _ = Glibc.close(writer)
    }
}
