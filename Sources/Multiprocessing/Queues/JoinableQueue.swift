import Synchronization

/// A queue whose producers can wait until all values are not only taken but processed.
///
///     let queue = try JoinableQueue<Job>()
///     let worker = Process(daemon: true) {
///         while true {
///             try run(try queue.get())
///             try queue.taskDone()
///         }
///     }
///     try worker.start()
///     try queue.put(contentsOf: jobs)
///     try queue.join()
///
/// Each value is unfinished until `taskDone()` has been called once for it. A value that a killed process had taken
/// stays unfinished: a process that notices the death calls `taskDone()` in its place, or puts the value again and then
/// calls it. `taskDone()` and `join` still work after `close()`.
///
/// The corresponding Python API is `multiprocessing.JoinableQueue`.
public final class JoinableQueue<Element: Codable>: Queue<Element>, @unchecked Sendable {
    /// Reports that one value that was taken has been processed.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` if it is called more often than values were put. The corresponding Python API is
    /// `multiprocessing.JoinableQueue.task_done`.
    public func taskDone() throws(MultiprocessingError) {
        guard elements.ring.taskDone() else {
            throw MultiprocessingError(.invalidState, "taskDone() was called more often than values were put")
        }
    }

    /// Waits until all values that were put are done, for at most `timeout`; `nil` waits forever.
    ///
    /// Returns true at once if no value was put, and false on a timeout. The corresponding Python API is
    /// `multiprocessing.JoinableQueue.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        elements.ring.join(until: Deadline(after: timeout))
    }

    override var remark: String { ", \(unfinishedCount) not done" }

    /// How many values are unfinished; the number may already have changed.
    ///
    /// Does not block. Python has no counterpart.
    public var unfinishedCount: Int {
        elements.ring.unfinishedCount
    }
}

extension ValueRing {
    /// Counts one value as done, in a single atomic step; false if all were already done.
    fileprivate func taskDone() -> Bool {
        var done = control.done.pointee.load(ordering: .relaxed)
        while true {
            // A process that has taken a value sees it counted here.
            guard control.tail.count != done else { return false }
            let (exchanged, seen) = control.done.pointee.compareExchange(
                expected: done, desired: done &+ 1, ordering: .sequentiallyConsistent)
            if exchanged { break }
            done = seen
        }
        if unfinishedCount == 0 {
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if control.joinerSleeps.isSleepAnnounced {
                control.joinerSleeps.wakeAnnounced(.max)
            }
        }
        return true
    }

    fileprivate func join(until deadline: Deadline) -> Bool {
        while unfinishedCount != 0 {
            if deadline.hasPassed {
                return false
            }
            control.joinerSleeps.announceSleep()
            if unfinishedCount != 0 {
                control.joinerSleeps.sleep(while: 1, until: deadline)
            }
        }
        return true
    }

    fileprivate var unfinishedCount: Int {
        // In this order the difference is 0 only if all were done at some moment, and it is never negative.
        let done = control.done.pointee.load(ordering: .sequentiallyConsistent)
        return Int(clamping: control.tail.count &- done)
    }
}
