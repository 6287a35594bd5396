import Glibc

/// The name, process ID and kind of the calling process.
public struct CurrentProcess: Sendable {
    /// The name that its parent gave it, or `MainProcess` for the program itself.
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

    /// The process that started the calling one with this library; nil in the program itself.
    ///
    /// The corresponding Python API is `multiprocessing.parent_process`.
    public static var parent: ParentProcess? {
        ParentProcess.ofThisProcess()
    }
}
