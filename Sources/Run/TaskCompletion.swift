import Glibc
import Ground
import Multiprocessing

/// The end of a task: its result, and the process that ran it.
package struct TaskCompletion {
    let task: UInt64
    let result: Result<TaskAnswer, PoolmapError>
    /// The pid of the process that did it; 0 if none could.
    let worker: Int32
    /// How many processes started it: 1 unless some died.
    let attempts: Int
    /// On the monotonic clock.
    let startedNanoseconds: UInt64
    let durationNanoseconds: UInt64
}

extension TaskCompletion {
    /// Runs a task in this process now.
    package init<Failure: Error>(_ task: UInt64, _ body: () throws(Failure) -> TaskAnswer) throws(Failure) {
        let start = monotonicNanoseconds()
        let answer = try body()
        self.init(
            task: task, result: .success(answer), worker: getpid(), attempts: 1, startedNanoseconds: start,
            durationNanoseconds: monotonicNanoseconds() - start)
    }
}
