import Glibc
import Ground

/// Waits, and records a signal that asks the process to end instead of ending it, since its jobs must be cancelled
/// first.
///
/// Those signals and SIGCHLD stay blocked for the rest of the process. The C functions are `sigprocmask` and
/// `sigtimedwait`.
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

    /// A signal that was ignored, for example by nohup, stays ignored: if it were blocked, the wait would see it.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Waits for this long, or until a child ends or a signal arrives.
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
