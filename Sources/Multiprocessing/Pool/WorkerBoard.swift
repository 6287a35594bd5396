import Synchronization

/// Shared memory of the pool manager and its workers: for each worker its `TaskClaims` and its `Outbox`.
///
/// It outlives the worker. So the pool manager knows which of the tasks held by a dead worker is to blame, and has the
/// results of finished ones.
struct WorkerBoard: ~Copyable {
    private let mapping: SharedMapping

    // Separate pages for each worker, so that workers do not slow each other down.
    private static let strideBytes = 1 << 15
    // Separate cache lines: the claims change twice per task, and the pool manager reads them.
    private static let outboxOffset = 64

    init(workers: Int) throws(MultiprocessingError) {
        mapping = try SharedMapping(
            byteCount: max(workers, 1) * WorkerBoard.strideBytes, name: "poolmap-board", isPrivate: true)
    }

    func claims(_ worker: Int) -> TaskClaims {
        TaskClaims(at: mapping.base + worker * WorkerBoard.strideBytes)
    }

    func outbox(_ worker: Int) -> Outbox {
        Outbox(
            at: mapping.base + worker * WorkerBoard.strideBytes + WorkerBoard.outboxOffset,
            byteCount: WorkerBoard.strideBytes - WorkerBoard.outboxOffset)
    }
}

/// Which of the tasks sent to a worker it has begun, and which it may begin.
///
/// Tasks sent over a worker's channel have sequence numbers, which both sides count for themselves. The worker begins a
/// task by moving `begun` past it; the pool manager takes back tasks that have not begun by moving `limit` back. Both
/// are halves of one word, so if both want the same task, exactly one gets it. A task that was taken back is still in
/// the channel; the worker skips it, as it is not between `begun` and `limit`.
///
/// The numbers wrap around, which is safe since no two compared numbers are 2³¹ apart. They start a little before the
/// end, so that wrapping is not a rare, untested case.
struct TaskClaims {
    private struct Word {
        var begun: UInt32
        var limit: UInt32

        init(begun: UInt32, limit: UInt32) {
            (self.begun, self.limit) = (begun, limit)
        }

        init(bits: UInt64) {
            self.init(begun: UInt32(truncatingIfNeeded: bits), limit: UInt32(truncatingIfNeeded: bits >> 32))
        }

        var bits: UInt64 {
            UInt64(limit) << 32 | UInt64(begun)
        }
    }

    static let firstSequence = UInt32.max - 1000

    private let word: UnsafeMutablePointer<Atomic<UInt64>>
    private let started: UnsafeMutablePointer<Atomic<UInt64>>
    private let finished: UnsafeMutablePointer<Atomic<UInt32>>

    /// The value of `started` while a result is being sent: the task's time is over, and waiting for a reader does not
    /// count.
    private static let never = UInt64.max

    fileprivate init(at base: UnsafeMutableRawPointer) {
        word = base.assumingMemoryBound(to: Atomic<UInt64>.self)
        started = (base + 8).assumingMemoryBound(to: Atomic<UInt64>.self)
        finished = (base + 16).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    // MARK: The worker's side

    /// Begins a task; false if it was taken back.
    func begin(_ sequence: UInt32, at now: UInt64) -> Bool {
        // Before the claim: a reader that sees the task begun must not see the previous task's start time.
        started.pointee.store(now, ordering: .relaxed)
        while true {
            let old = Word(bits: word.pointee.load(ordering: .acquiring))
            guard old.begun == sequence, old.limit != sequence else { return false }
            let new = Word(begun: sequence &+ 1, limit: old.limit)
            if exchange(old, new) { return true }
        }
    }

    /// Stops the clock of the running task.
    func stopClock() {
        started.pointee.store(TaskClaims.never, ordering: .relaxed)
    }

    /// Ends a task, whose result the pool manager can now find.
    func finish(_ sequence: UInt32) {
        finished.pointee.store(sequence &+ 1, ordering: .releasing)
    }

    // MARK: The pool manager's side

    /// Clears them for a new worker, before that is forked.
    func reset() {
        let first = TaskClaims.firstSequence
        word.pointee.store(Word(begun: first, limit: first).bits, ordering: .relaxed)
        started.pointee.store(TaskClaims.never, ordering: .relaxed)
        finished.pointee.store(first, ordering: .releasing)
    }

    /// Lets the worker begin the tasks from `sequence` up to `end`; everything that it might begin before must have
    /// begun.
    func allow(from sequence: UInt32, upTo end: UInt32) {
        while true {
            let old = Word(bits: word.pointee.load(ordering: .acquiring))
            assert(old.limit == sequence || old.limit == old.begun, "tasks before these were taken back")
            // Skip what was taken back.
            let new = Word(begun: old.limit == sequence ? old.begun : sequence, limit: end)
            if exchange(old, new) { return }
        }
    }

    /// Takes back the tasks from `sequence` on that have not begun.
    ///
    /// Returns the first one that was taken back: all before it have begun, or still may.
    func takeBack(from sequence: UInt32) -> UInt32 {
        while true {
            let old = Word(bits: word.pointee.load(ordering: .acquiring))
            let first = Int32(bitPattern: sequence &- old.begun) < 0 ? old.begun : sequence
            guard Int32(bitPattern: old.limit &- first) > 0 else { return old.limit }
            if exchange(old, Word(begun: old.begun, limit: first)) { return first }
        }
    }

    /// The first task that the worker has not begun.
    var begun: UInt32 {
        Word(bits: word.pointee.load(ordering: .acquiring)).begun
    }

    /// The running task and its start time; nil if the worker runs none from `first` on, the first task without a
    /// result.
    ///
    /// The time is `UInt64.max` while it sends the result.
    func running(from first: UInt32) -> (sequence: UInt32, started: UInt64)? {
        let begun = Word(bits: word.pointee.load(ordering: .acquiring)).begun
        let started = started.pointee.load(ordering: .relaxed)
        guard begun != first, finished.pointee.load(ordering: .acquiring) != begun else { return nil }
        return (begun &- 1, started)
    }

    private func exchange(_ old: Word, _ new: Word) -> Bool {
        word.pointee.compareExchange(expected: old.bits, desired: new.bits, ordering: .acquiringAndReleasing).exchanged
    }
}
