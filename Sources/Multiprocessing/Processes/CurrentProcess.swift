import Glibc

/// A process as it knows itself.
public struct CurrentProcess: Sendable {
    /// What its parent has called it, or `MainProcess` for the program itself.
    public let name: String
    /// Its process id.
    public let pid: Int32
    /// Whether it ends when its parent ends.
    public let isDaemon: Bool
}

extension Process {
    /// The calling process.
    ///
    /// The corresponding Python API is `multiprocessing.current_process`.
    public static var current: CurrentProcess {
        let identity = ProcessIdentity.current
        return CurrentProcess(name: identity.name, pid: getpid(), isDaemon: identity.isDaemon)
    }

    /// The process that has started the calling one by this library; nil in the program itself.
    ///
    /// The corresponding Python API is `multiprocessing.parent_process`.
    public static var parent: ParentProcess? {
        ParentProcess.ofThisProcess()
    }
}
