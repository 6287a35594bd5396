import CMultiprocessing
import Glibc
import SystemPackage

/// The parent of a process that this library has started, as the child sees it.
///
/// The corresponding Python API is what `multiprocessing.parent_process` returns.
public final class ParentProcess {
    /// What it is called: `MainProcess`, or as its own parent has called it.
    public let name: String
    /// Its process id.
    public let pid: Int32

    /// Nil where it had ended before anyone asked.
    private let descriptor: PrivateDescriptor?

    // Opened when it is first asked for; only a process's main thread asks.
    nonisolated(unsafe) private static var known: ParentProcess?

    private init(_ identity: ProcessIdentity, isKnownToLive: Bool) {
        name = identity.parentName
        pid = identity.parentPID
        // Another process may have its number by now, but not our parent's place.
        let number = isKnownToLive || getppid() == identity.parentPID ? mp_pidfd_open(identity.parentPID) : -1
        descriptor = number < 0 ? nil : PrivateDescriptor(owning: number)
    }

    static func ofThisProcess() -> ParentProcess? {
        let identity = ProcessIdentity.current
        guard !identity.path.isEmpty else { return nil }
        // The memory of a child may have its own parent's.
        if let known, known.pid == identity.parentPID { return known }
        let parent = ParentProcess(identity, isKnownToLive: false)
        known = parent
        return parent
    }

    /// In a child that is about to report to its parent, which so is still there.
    ///
    /// Of a fork server's children it is not the parent that the kernel knows.
    static func openWhileItWaits() {
        known = ParentProcess(ProcessIdentity.current, isKnownToLive: true)
    }

    /// Whether it has not ended.
    ///
    /// Does not block.
    public var isAlive: Bool {
        (try? !join(timeout: .zero)) ?? false
    }

    /// A descriptor that becomes readable when the parent ends, for `wait(for:timeout:)`; nil when it has ended before
    /// anyone asked.
    ///
    /// It stays the library's own: do not close it.
    public var sentinel: FileDescriptor? {
        number.map { FileDescriptor(rawValue: $0) }
    }

    /// Waits until it has ended, at most for `timeout`; `nil` waits for ever.
    ///
    /// Returns whether it has. How it ended is for its own parent to know.
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
    /// Its name and number: `ParentProcess(MainProcess, process 122)`.
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
