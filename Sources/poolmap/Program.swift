import ArgumentSyntax
import CPoolmap
import Glibc
import JobServer

/// State shared by every subcommand of this process.
enum Program {
    static let version = "0.2.0"

    /// The parsed command line; nil before parsing.
    ///
    /// There is only one thread.
    nonisolated(unsafe) static var arguments: Arguments?

    /// What make says about parallel jobs, read before any file is opened.
    ///
    /// There is only one thread.
    nonisolated(unsafe) static let makeJobs = MakeJobs.fromEnvironment()

    /// Installs signal handlers.
    ///
    /// SIGPIPE is ignored: the write that meets a closed pipe fails, so that files are cleaned up.
    static func prepare() {
        // The next file opened would get the number of a closed standard descriptor, and be mistaken for it. Instead,
        // that number gets a descriptor that fails as before: it cannot be used in its direction.
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", mode)
        }
        poolmap_install_signal_handlers()
        signal(SIGPIPE, SIG_IGN)
        // Likewise, exceeding the file size limit is an error of the write.
        signal(SIGXFSZ, SIG_IGN)
        _ = makeJobs
    }
}
