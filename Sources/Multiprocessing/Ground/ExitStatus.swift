import Glibc

/// How a process ended.
///
/// A non-zero status is a normal result of a process and is never thrown.
///
/// The corresponding Python API is `multiprocessing.Process.exitcode`, which is `-N` for signal N.
public enum ExitStatus: Hashable, Sendable, Codable {
    /// It exited with this code (0 to 255).
    case exited(Int32)
    /// It was killed by this signal.
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
    /// In words: "exited with code 3", "was killed by SIGKILL".
    public var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signaled(let number): "was killed by \(signalName(number))"
        }
    }
}

/// The signal's name as `kill -l` prints it, or its number if it has no name here.
func signalName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
        SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
        SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
    ]
    return names[number] ?? "signal \(number)"
}
