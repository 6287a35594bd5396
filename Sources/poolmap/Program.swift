import ArgumentSyntax
import CPoolmap
import Glibc
import JobServer

/// What is the same for every command of this process.
enum Program {
    static let version = "0.2.0"

    /// What was typed, once it was taken apart; there is one thread.
    nonisolated(unsafe) static var arguments: Arguments?

    /// What make says of parallel jobs, looked up before any file is opened; there is one thread.
    nonisolated(unsafe) static let makeJobs = MakeJobs.fromEnvironment()

    /// Handlers for signals; and a closed pipe is an error of the call that meets it, so that files are cleaned up.
    static func prepare() {
        // A standard descriptor that is closed would be given to the next file that is opened, and be taken for what it is
        // not. In its place stands one that fails the same way: it cannot be used in that direction.
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", mode)
        }
        poolmap_install_signal_handlers()
        signal(SIGPIPE, SIG_IGN)
        // So is a file that grows over its limit.
        signal(SIGXFSZ, SIG_IGN)
        _ = makeJobs
    }
}
