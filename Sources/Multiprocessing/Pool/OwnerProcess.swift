import Glibc

/// The process that made an object which only it can use.
///
/// A child inherits the object with the memory. Asking the kernel for the pid each time would cost more than everything
/// else that the front does for a small task.
struct OwnerProcess {
    let pid = OwnerProcess.current

    var isCurrent: Bool {
        pid == OwnerProcess.current
    }

    // Changed only in a child right after the fork, when it has one thread.
    nonisolated(unsafe) private static var current: Int32 = {
        pthread_atfork(nil, nil) { OwnerProcess.current = getpid() }
        return getpid()
    }()
}
