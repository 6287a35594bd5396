import CMultiprocessing
import Glibc
import Logging
import SystemPackage

/// How the pool manager starts.
extension PoolManager {
    /// Forks the pool manager process, which has everything that the workers' program captures.
    static func fork(
        _ socket: Int32, _ plan: PoolPlan, _ program: WorkerProgram
    ) throws(MultiprocessingError) -> ProcessHandle {
        try Fork.requireSingleThread(for: "Pool")
        let identity = ProcessIdentity.current.helper(named: "pool-manager")
        return try Fork.child(deathSignal: SIGKILL) {
            ProcessIdentity.become(identity)
            plan.settings.standardInput.takeInForkedChild()
            begin(socket, plan, program)
        }
    }

    /// Runs the pool manager process.
    ///
    /// - Parameter level: log lines from this level on are sent to the front; nil if the front has no logger, or if
    ///   this process has inherited the front's logger with its memory.
    static func begin(
        _ socket: Int32, _ plan: PoolPlan, _ program: WorkerProgram, forwardingLogFrom level: Logger.Level? = nil
    ) -> Never {
        // The front's handlers would act for the front, for example clean up its files. Signals that a terminal sends
        // to all processes of a job are for the front to handle; the others end when it does.
        mp_reset_signal_handlers()
        for number in [SIGINT, SIGQUIT, SIGHUP] {
            signal(number, SIG_IGN)
        }
        let front = FrameChannel(owning: socket, blocking: false)
        if let level {
            // This process has one thread.
            nonisolated(unsafe) let front = front
            Log.forward(from: level) { front.enqueue(PoolFrame(.log), $0) }
        }
        do {
            try PoolManager(front: front, plan, program: program).run()
        } catch {
            leave(after: error, telling: front)
        }
    }
}
