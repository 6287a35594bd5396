import Synchronization

/// Shared memory of the pool manager and its workers: for each worker its `TaskClaims` and its `Outbox`.
///
/// It outlives the worker. So the pool manager knows which of the tasks that a dead worker held is to blame, and has
/// the results of those that were done.
struct WorkerBoard: ~Copyable {
    private let mapping: SharedMapping

    // A page of its own for each worker, so that workers do not slow each other down.
    private static let strideBytes = 1 << 15
    // Own cache lines: the claims change twice a task, and the pool manager looks at them.
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
/// The tasks that go over a worker's channel have sequence numbers, which both sides count for themselves. The worker
/// begins a task by moving `begun` past it, the pool manager takes back what has not begun by moving `limit` back.
/// Both are halves of one word, so of two that want the same task one gets it. A task that was taken back is still in
/// the channel; the worker passes over it, as it is not between `begun` and `limit`.
///
/// The numbers wrap around, which is well as no two that are compared are 2³¹ apart. So that this is no rare case, they
/// start a little before the end.
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

    /// What `started` is while a result is being sent: the task has had its time, and waiting for a reader is not its
    /// fault.
    private static let never = UInt64.max

    fileprivate init(at base: UnsafeMutableRawPointer) {
        word = base.assumingMemoryBound(to: Atomic<UInt64>.self)
        started = (base + 8).assumingMemoryBound(to: Atomic<UInt64>.self)
        finished = (base + 16).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    // MARK: The worker's side

    /// Begins a task; false when it was taken back.
    func begin(_ sequence: UInt32, at now: UInt64) -> Bool {
        // Before the claim: who sees the task begun must not see when the one before it did.
        started.pointee.store(now, ordering: .relaxed)
        while true {
            let old = Word(bits: word.pointee.load(ordering: .acquiring))
            guard old.begun == sequence, old.limit != sequence else { return false }
            let new = Word(begun: sequence &+ 1, limit: old.limit)
            if exchange(old, new) { return true }
        }
    }

    /// Stops the clock of the task that runs.
    func stopClock() {
        started.pointee.store(TaskClaims.never, ordering: .relaxed)
    }

    /// Ends a task, whose result is where the pool manager finds it.
    func finish(_ sequence: UInt32) {
        finished.pointee.store(sequence &+ 1, ordering: .releasing)
    }

    // MARK: The pool manager's side

    /// For a worker that is yet to be forked.
    func reset() {
        let first = TaskClaims.firstSequence
        word.pointee.store(Word(begun: first, limit: first).bits, ordering: .relaxed)
        started.pointee.store(TaskClaims.never, ordering: .relaxed)
        finished.pointee.store(first, ordering: .releasing)
    }

    /// Lets the worker begin the tasks from `sequence` up to `end`, when all that it might begin before has been
    /// begun.
    func allow(from sequence: UInt32, upTo end: UInt32) {
        while true {
            let old = Word(bits: word.pointee.load(ordering: .acquiring))
            assert(old.limit == sequence || old.limit == old.begun, "tasks before these were taken back")
            // What was taken back is jumped over.
            let new = Word(begun: old.limit == sequence ? old.begun : sequence, limit: end)
            if exchange(old, new) { return }
        }
    }

    /// Takes back the tasks from `sequence` on that have not begun.
    ///
    /// Returns the first one that was taken back: all before it have begun, or may yet.
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

    /// The task that the worker is at, and since when; nil where it is at none from `first` on, the first one whose
    /// result has not come.
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
