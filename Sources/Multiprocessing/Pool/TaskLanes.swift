/// Puts the answers to the tasks of each lane in the order of the tasks, in the pool manager.
///
/// An answer out of its turn waits here until all before it have been passed on, so that it wakes nobody. It waits for
/// a task that has not ended, never for the front. What waits is bounded by handing out no more tasks whose answers
/// would wait too (`PoolManager.mayHandOut`); those that others wait for are always handed out.
struct TaskLanes {
    private struct Lane {
        /// Those whose answers were not passed on, in order.
        var tasks = TaskQueue<UInt64>()
        /// The answers that are out of their turn.
        var waiting: [UInt64: [UInt8]] = [:]
    }

    private var lanes: [Int: Lane] = [:]
    /// How much waits, with the headers.
    private(set) var heldBytes = 0

    /// Notes a task that has come from the front.
    mutating func expect(_ task: PoolFrame) {
        if task.lane != PoolFrame.noLane {
            lanes[task.lane, default: Lane()].tasks.append(task.task)
        }
    }

    /// Whether the answer to a task would be passed on at once.
    func isNext(_ task: PoolFrame) -> Bool {
        task.lane == PoolFrame.noLane || lanes[task.lane]?.tasks.first == task.task
    }

    /// Hands the answer to a task to `body` and those that waited for it after it; or has it wait.
    ///
    /// - Parameter answer: header and payload.
    mutating func pass(
        _ task: PoolFrame, _ answer: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        guard task.lane != PoolFrame.noLane else { return body(answer) }
        // In place: a copy of the lane would copy all that waits in it.
        guard isNext(task) else {
            lanes[task.lane]?.waiting[task.task] = Array(answer)
            heldBytes += answer.count
            return
        }
        body(answer)
        _ = lanes[task.lane]?.tasks.next()
        while let next = lanes[task.lane]?.tasks.first, let answer = lanes[task.lane]?.waiting.removeValue(forKey: next)
        {
            heldBytes -= answer.count
            answer.withUnsafeBytes(body)
            _ = lanes[task.lane]?.tasks.next()
        }
        if lanes[task.lane]?.tasks.isEmpty == true {
            lanes[task.lane] = nil
        }
    }
}
