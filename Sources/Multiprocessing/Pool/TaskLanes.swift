/// Sorts the answers to the tasks of each lane into the order of the tasks, in the pool manager.
///
/// An early answer waits here until all before it have been passed on, so it does not wake the front. While much is
/// waiting for the front to read, answers whose turn comes all at once stay here too. The memory is bounded: no more
/// tasks are given out whose answers would have to wait too (`PoolManager.mayHandOut`); tasks for which others wait are
/// always given out.
struct TaskLanes {
    private struct Lane {
        /// Tasks whose answers were not passed on yet, in order.
        var tasks = TaskQueue<UInt64>()
        /// The early answers.
        var waiting: [UInt64: [UInt8]] = [:]
    }

    private var lanes: [Int: Lane] = [:]
    /// Lanes whose next answer is here, and waits for room.
    private var fullLanes: [Int] = []
    /// The size of the waiting answers with their headers.
    private(set) var heldBytes = 0
    private var heldCount = 0

    /// The average size of a waiting answer; 0 if there are none.
    var meanBytes: Int { heldCount == 0 ? 0 : heldBytes / heldCount }

    /// Records a task that has arrived from the front.
    mutating func expect(_ task: PoolFrame) {
        if task.lane != PoolFrame.noLane {
            lanes[task.lane, default: Lane()].tasks.append(task.task)
        }
    }

    /// Whether the answer to a task would be passed on at once.
    func isNext(_ task: PoolFrame) -> Bool {
        task.lane == PoolFrame.noLane || lanes[task.lane]?.tasks.first == task.task
    }

    /// Passes the answer to a task to `body`, followed by those that waited for it as long as there is room; or stores
    /// it.
    ///
    /// - Parameter answer: header and payload.
    mutating func pass(
        _ task: PoolFrame, _ answer: UnsafeRawBufferPointer, while hasRoom: () -> Bool,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        guard task.lane != PoolFrame.noLane else { return body(answer) }
        // In place: a copy of the lane would copy everything that waits in it.
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

    /// Whether answers wait only for room.
    var hasFullLanes: Bool { !fullLanes.isEmpty }

    /// Passes on the answers that wait for room, as long as there is some.
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
