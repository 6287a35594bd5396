/// Receives the answers to some tasks: a waiting call, an iterator, an `AsyncResult`, or `nextCompletion`.
///
/// It may outlive the object that wants the results, and must not hold the pool, which holds it.
class TaskReceiver {
    /// Takes an answer; `position` is the value given at submission.
    ///
    /// Returns whether `announce` must be called.
    func receive(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, at position: Int) -> Bool {
        false
    }

    /// Learns that the unanswered tasks will never get an answer.
    ///
    /// Returns whether `announce` must be called.
    func abandon(_ error: MultiprocessingError) -> Bool {
        false
    }

    /// Runs the user's callbacks.
    ///
    /// Called when nothing of the pool is in use, so the callbacks may use it.
    func announce() {}
}

/// The receivers of the unfinished tasks.
///
/// Tasks are numbered in the order of submission, and those of one receiver are mostly consecutive: so an entry is a
/// run of them, which is found by bisection.
struct TaskReceivers {
    private struct Run {
        let first: UInt64
        var end: UInt64
        /// How many have no answer yet.
        var missing: Int
        /// The position of the first task.
        let position: Int
        /// Nil once all have their answers.
        var receiver: TaskReceiver?
    }

    /// In the order of the tasks.
    private var runs: [Run] = []
    private var finishedRuns = 0
    /// The index of the last run found, which is usually also the next.
    private var lastFound = 0
    /// How many tasks have no answer yet.
    private(set) var missing = 0

    /// Adds a task, whose number must be higher than all before.
    mutating func add(_ task: UInt64, _ receiver: TaskReceiver, at position: Int) {
        missing += 1
        let last = runs.count - 1
        if last >= 0, runs[last].receiver === receiver, runs[last].end == task,
            runs[last].position + Int(task - runs[last].first) == position
        {
            runs[last].end += 1
            runs[last].missing += 1
        } else {
            runs.append(Run(first: task, end: task + 1, missing: 1, position: position, receiver: receiver))
        }
    }

    /// Removes and returns the receiver of the answer to a task, and the task's position there.
    mutating func take(_ task: UInt64) -> (receiver: TaskReceiver, position: Int)? {
        let index = find(task)
        guard index < runs.count, runs[index].first <= task, let receiver = runs[index].receiver else {
            return nil
        }
        let position = runs[index].position + Int(task - runs[index].first)
        missing -= 1
        runs[index].missing -= 1
        if runs[index].missing == 0 {
            runs[index].receiver = nil
            finishedRuns += 1
            removeFinished()
        }
        return (receiver, position)
    }

    /// Tells all receivers that there will be no more answers; returns those that must announce something.
    mutating func abandon(_ error: MultiprocessingError) -> [TaskReceiver] {
        defer { self = TaskReceivers() }
        return runs.compactMap(\.receiver).filter { $0.abandon(error) }
    }

    /// The first run that ends after a task.
    private mutating func find(_ task: UInt64) -> Int {
        if lastFound < runs.count, runs[lastFound].first <= task, task < runs[lastFound].end {
            return lastFound
        }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].end <= task { low = middle + 1 } else { high = middle }
        }
        lastFound = low
        return low
    }

    /// Half of them are finished: removing them costs as much as was added since, so a constant time per element.
    private mutating func removeFinished() {
        if finishedRuns > 16 && finishedRuns * 2 > runs.count {
            runs.removeAll { $0.receiver == nil }
            finishedRuns = 0
        }
    }
}
