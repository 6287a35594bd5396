import Glibc

/// How a process ended.
///
/// A status that is not zero is a normal result of a process and is never thrown.
///
/// The corresponding Python API is `multiprocessing.Process.exitcode`, which says `-N` for a signal N.
public enum ExitStatus: Hashable, Sendable, Codable {
    /// It left by itself, with this code (0 to 255).
    case exited(Int32)
    /// This signal ended it.
    case signaled(Int32)

    /// True for `exited(0)`.
    public var isSuccess: Bool {
        self == .exited(0)
    }

    /// From the two members of `siginfo_t` that `waitid` fills in.
    init(code: Int32, status: Int32) {
        self = code == Int32(CLD_EXITED) ? .exited(status) : .signaled(status)
    }
}

extension ExitStatus: CustomStringConvertible {
    /// As a person would say it: "exited with code 3", "was killed by SIGKILL".
    public var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signaled(let number): "was killed by \(signalName(number))"
        }
    }
}

/// The signal's name as `kill -l` prints it, with its number where it has none here.
func signalName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
        SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
        SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
    ]
    return names[number] ?? "signal \(number)"
}
