import CMultiprocessing
import Glibc
import SystemPackage

/// The parent of a process that this library has started, as the child sees it.
///
/// The corresponding Python API is what `multiprocessing.parent_process` returns.
public final class ParentProcess {
    /// Its name: `MainProcess`, or the name that its own parent gave it.
    public let name: String
    /// Its process id.
    public let pid: Int32

    /// Nil if the parent had already ended when it was first asked for.
    private let descriptor: PrivateDescriptor?

    // Opened on first use, which only the main thread makes.
    nonisolated(unsafe) private static var known: ParentProcess?

    private init(_ identity: ProcessIdentity, isKnownToLive: Bool) {
        name = identity.parentName
        pid = identity.parentPID
        // Another process may have reused its pid by now, but then getppid returns something else.
        let number = isKnownToLive || getppid() == identity.parentPID ? mp_pidfd_open(identity.parentPID) : -1
        descriptor = number < 0 ? nil : PrivateDescriptor(owning: number)
    }

    static func ofThisProcess() -> ParentProcess? {
        let identity = ProcessIdentity.current
        guard !identity.path.isEmpty else { return nil }
        // A child's memory may still hold its parent's parent.
        if let known, known.pid == identity.parentPID { return known }
        let parent = ParentProcess(identity, isKnownToLive: false)
        known = parent
        return parent
    }

    /// In a child that is about to report to its parent, which is therefore still alive.
    ///
    /// For a child of a fork server this is not the parent that the kernel knows.
    static func openWhileItWaits() {
        known = ParentProcess(ProcessIdentity.current, isKnownToLive: true)
    }

    /// Whether it is still running.
    ///
    /// Does not block.
    public var isAlive: Bool {
        (try? !join(timeout: .zero)) ?? false
    }

    /// A descriptor that becomes readable when the parent ends, for `wait(for:timeout:)`; nil if the parent had already
    /// ended when it was first asked for.
    ///
    /// The library owns it: do not close it.
    public var sentinel: FileDescriptor? {
        number.map { FileDescriptor(rawValue: $0) }
    }

    /// Waits until it has ended, for at most `timeout`; `nil` waits forever.
    ///
    /// Returns whether it has ended. Only its own parent can know its exit status.
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        guard let number else { return true }
        var entries = [pollfd(fd: number, events: Int16(POLLIN), revents: 0)]
        return try poll(&entries, until: Deadline(after: timeout)) > 0
    }

    private var number: Int32? {
        switch descriptor {
        case .some(let descriptor): descriptor.number
        case nil: nil
        }
    }
}

extension ParentProcess: CustomStringConvertible {
    /// Its name and process ID: `ParentProcess(MainProcess, process 122)`.
    public var description: String {
        "ParentProcess(\(name), process \(pid))"
    }
}

extension ParentProcess: Waitable {
    /// Ready when the parent has ended.
    public var waitState: WaitState {
        sentinel.map { .descriptor($0, writable: false) } ?? .ready
    }
}
