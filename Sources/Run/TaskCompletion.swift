import Glibc
import Ground
import Multiprocessing

/// A task's end, and who came to it.
package struct TaskCompletion {
    let task: UInt64
    let result: Result<TaskAnswer, PoolmapError>
    /// The process that did it; 0 where no one could.
    let worker: Int32
    /// How many processes began it: 1 unless some died.
    let attempts: Int
    /// On the monotonic clock.
    let startedNanoseconds: UInt64
    let durationNanoseconds: UInt64
}

extension TaskCompletion {
    /// Of what this process does itself, now.
    package init<Failure: Error>(_ task: UInt64, _ body: () throws(Failure) -> TaskAnswer) throws(Failure) {
        let start = monotonicNanoseconds()
        let answer = try body()
        self.init(
            task: task, result: .success(answer), worker: getpid(), attempts: 1, startedNanoseconds: start,
            durationNanoseconds: monotonicNanoseconds() - start)
    }
}
