import Synchronization

/// A queue whose producers can wait until all that they have put is not only got but done.
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
/// Each value that was put is unfinished until `taskDone()` was called once for it. A value that a killed process had got
/// stays unfinished: whoever notices the death calls `taskDone()` in its place, or puts the value again and does so. Both
/// `taskDone()` and `join` go on to work after `close()`.
///
/// The corresponding Python API is `multiprocessing.JoinableQueue`.
public final class JoinableQueue<Element: Codable>: Queue<Element>, @unchecked Sendable {
    /// Says that one value that was got is done.
    ///
    /// Does not block.
    ///
    /// Throws `invalidState` when it is called more often than values were put. The corresponding Python API is
    /// `multiprocessing.JoinableQueue.task_done`.
    public func taskDone() throws(MultiprocessingError) {
        guard elements.ring.taskDone() else {
            throw MultiprocessingError(.invalidState, "taskDone() was called more often than values were put")
        }
    }

    /// Waits until all values that were put are done, at most for `timeout`; `nil` waits for ever.
    ///
    /// Returns true at once where nothing was put, and false when the time is over first. The corresponding Python API
    /// is `multiprocessing.JoinableQueue.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        elements.ring.join(until: Deadline(after: timeout))
    }

    override var remark: String { ", \(unfinishedCount) not done" }

    /// How many values were put and are not done, a moment ago.
    ///
    /// Does not block. It has no counterpart in Python.
    public var unfinishedCount: Int {
        elements.ring.unfinishedCount
    }
}

extension ValueRing {
    /// Counts one value as done, in one step that a kill cannot halve; false where all were done before.
    fileprivate func taskDone() -> Bool {
        var done = control.done.pointee.load(ordering: .relaxed)
        while true {
            // Whoever has got a value sees it counted here.
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
        // In this order the difference is 0 only if there was a moment at which all were done, and never negative.
        let done = control.done.pointee.load(ordering: .sequentiallyConsistent)
        return Int(clamping: control.tail.count &- done)
    }
}
