import CMultiprocessing
import Glibc
import SystemPackage

/// How the pool manager begins.
extension PoolManager {
    /// Forks the pool manager process, which has all that the workers' program captures.
    static func fork(
        _ socket: Int32, _ size: PoolSize, _ standardInput: StandardInput, _ program: WorkerProgram
    ) throws(MultiprocessingError) -> ChildProcess {
        try Fork.requireSingleThread(for: "Pool")
        let identity = ProcessIdentity.current.helper(named: "pool-manager")
        return try Fork.child(deathSignal: SIGKILL) {
            ProcessIdentity.become(identity)
            standardInput.takeInForkedChild()
            begin(socket, size, program)
        }
    }

    /// The pool manager process's whole life.
    static func begin(_ socket: Int32, _ size: PoolSize, _ program: WorkerProgram) -> Never {
        // The front's handlers would act for the front: clean up its files, say. What a terminal sends to all
        // processes of a job is for the front to answer; the others end when it does.
        mp_reset_signal_handlers()
        for number in [SIGINT, SIGQUIT, SIGHUP] {
            signal(number, SIG_IGN)
        }
        let front = FrameChannel(owning: socket, blocking: false)
        do {
            try PoolManager(front: front, size, program: program).run()
        } catch {
            leave(after: error, telling: front)
        }
    }
}
