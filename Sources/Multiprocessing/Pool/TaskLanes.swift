/// Puts the answers to the tasks of each lane in the order of the tasks, in the pool manager.
///
/// An answer out of its turn waits here until all before it have been passed on, so that it wakes nobody; and while much
/// waits for the front to read, those whose turn comes all at once stay here too. What waits is bounded by handing out no more tasks whose answers
/// would wait too (`PoolManager.mayHandOut`); those that others wait for are always handed out.
struct TaskLanes {
    private struct Lane {
        /// Those whose answers were not passed on, in order.
        var tasks = TaskQueue<UInt64>()
        /// The answers that are out of their turn.
        var waiting: [UInt64: [UInt8]] = [:]
    }

    private var lanes: [Int: Lane] = [:]
    /// Lanes whose first answer is here, and waits for room.
    private var fullLanes: [Int] = []
    /// How much waits, with the headers.
    private(set) var heldBytes = 0
    private var heldCount = 0

    /// How large an answer that waits is in the mean; 0 while none does.
    var meanBytes: Int { heldCount == 0 ? 0 : heldBytes / heldCount }

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

    /// Hands the answer to a task to `body`, and those that waited for it after it as long as there is room; or has it
    /// wait.
    ///
    /// - Parameter answer: header and payload.
    mutating func pass(
        _ task: PoolFrame, _ answer: UnsafeRawBufferPointer, while hasRoom: () -> Bool,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        guard task.lane != PoolFrame.noLane else { return body(answer) }
        // In place: a copy of the lane would copy all that waits in it.
        guard isNext(task) else {
            lanes[task.lane]?.waiting[task.task] = Array(answer)
            heldBytes += answer.count
            heldCount += 1
            return
        }
        body(answer)
        _ = lanes[task.lane]?.tasks.next()
        passOn(task.lane, while: hasRoom, body)
    }

    /// Whether answers wait for room alone.
    var hasFullLanes: Bool { !fullLanes.isEmpty }

    /// Hands on what waits for room, as long as there is some.
    mutating func passOn(while hasRoom: () -> Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
        let full = fullLanes
        fullLanes = []
        for lane in full {
            passOn(lane, while: hasRoom, body)
        }
    }

    private mutating func passOn(
        _ lane: Int, while hasRoom: () -> Bool, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        while let next = lanes[lane]?.tasks.first, let place = lanes[lane]?.waiting.index(forKey: next) {
            guard hasRoom() else { return fullLanes.append(lane) }
            guard let answer = lanes[lane]?.waiting.remove(at: place).value else { return }
            heldBytes -= answer.count
            heldCount -= 1
            answer.withUnsafeBytes(body)
            _ = lanes[lane]?.tasks.next()
        }
        if lanes[lane]?.tasks.isEmpty == true {
            lanes[lane] = nil
        }
    }
}
