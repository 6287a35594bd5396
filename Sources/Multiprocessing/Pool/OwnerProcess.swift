import Glibc

/// The process that made a thing which only it can use.
///
/// A child inherits the thing with the memory. To ask the kernel each time which process this is would cost more than
/// all else that a small task costs the front.
struct OwnerProcess {
    let pid = OwnerProcess.current

    var isCurrent: Bool {
        pid == OwnerProcess.current
    }

    // Changed only in a child right after the fork, where there is one thread.
    nonisolated(unsafe) private static var current: Int32 = {
        pthread_atfork(nil, nil) { OwnerProcess.current = getpid() }
        return getpid()
    }()
}
