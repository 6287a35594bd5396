import Glibc
import Ground

/// Waits where a signal that asks the process to end is taken note of, in place of ending it: there are jobs to be cancelled
/// first.
///
/// From the beginning to the end such signals, and those that tell of a child, are blocked. The C functions are
/// `sigprocmask` and `sigtimedwait`.
final class SignalWait {
    /// The first signal that asked the process to end.
    private(set) var asked: Int32?
    private var waited = sigset_t()

    init() {
        sigemptyset(&waited)
        sigaddset(&waited, SIGCHLD)
        for number in [SIGINT, SIGTERM, SIGHUP] where !SignalWait.isIgnored(number) {
            sigaddset(&waited, number)
        }
        sigprocmask(SIG_BLOCK, &waited, nil)
    }

    /// What was ignored, as by nohup, stays so: blocked it would be seen.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Waits so long, or until a child has ended or a signal came.
    func wait(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        note(sigtimedwait(&waited, nil, &time))
    }

    private func note(_ number: Int32) {
        guard number > 0, number != SIGCHLD else { return }
        asked = asked ?? number
    }
}
