import Glibc
import Multiprocessing
import SystemPackage

/// Those who do the work of a command: a pool of processes, or the front itself where one process is enough.
///
/// The pool is forked when there is work for more than one process: not for a task that is known to be the only one,
/// nor for the first few hundred KiB.
final class Workforce {
    let settings: RunSettings
    let layout: SlotLayout
    let jobs: Int
    private let areas: SharedAreas
    private let worker: Worker
    private var pool: Pool<Work, Done>?
    private var finished: [TaskCompletion] = []
    private var inlineCount: UInt64 = 0
    private var inlineBytes: UInt64 = 0

    /// So much the front does before it forks anyone: the forks take as long as this.
    private static let bytesWithoutFork: UInt64 = 256 << 10

    /// The most tasks with slots that are handed out and not yet written: those that the workers run, and some for each
    /// to go on with while the front writes.
    private let slotCount: Int
    /// The most tasks, with slots or without, that are handed out and not accepted. Small files take microseconds, so
    /// each worker should have some.
    let entryLimit: Int

    init(jobs: Int, _ settings: RunSettings) {
        self.jobs = jobs
        self.settings = settings
        layout = settings.layout
        slotCount = jobs == 1 ? 1 : jobs + max(2, jobs / 2)
        entryLimit = jobs == 1 ? 2 : 16 * jobs
        areas = SharedAreas(layout, slotCount: slotCount, noteCount: jobs == 1 ? 0 : entryLimit)
        worker = Worker(settings, areas)
    }

    // MARK: Slots

    /// Takes a slot; nil while all are in use.
    func acquireSlot() throws(PoolmapError) -> Int? {
        try areas.madeSlots()?.acquire()
    }

    /// Takes a place for a worker's note of what it has done; nil while all are in use.
    func acquireNote() throws(PoolmapError) -> NoteTicket? {
        try areas.acquireNote()
    }

    var hasFreeSlot: Bool {
        areas.slots.map { $0.freeCount > 0 } ?? true
    }

    func releaseSlot(_ slot: Int) {
        areas.slots?.release(slot)
    }

    func inputArea(_ slot: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory(slot).prefix(layout.inputBytes))
    }

    func output(_ slot: Int, _ byteCount: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory(slot).dropFirst(layout.inputBytes).prefix(byteCount))
    }

    private func memory(_ slot: Int) -> UnsafeMutableRawBufferPointer {
        areas.slots?[slot] ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    var hasEverySlot: Bool {
        areas.hasEverySlot
    }

    // MARK: Tasks

    /// The front's own hands, for what must be done in order.
    var local: Worker {
        worker
    }

    /// Whether one more may be busy now.
    var hasHands: Bool { true }

    /// Hands out a task.
    ///
    /// Returns its number; the front does it at once where no other process is needed.
    func submit(_ work: Work, isOnlyOne: Bool) throws(PoolmapError) -> UInt64 {
        if pool == nil, jobs == 1 || isOnlyOne || inlineBytes + work.byteCount <= Workforce.bytesWithoutFork {
            inlineBytes += work.byteCount
            // Counted down, so as not to meet the numbers of the pool.
            inlineCount += 1
            let task = UInt64.max - inlineCount
            finished.append(worker.performHere(work, task))
            return task
        }
        if pool == nil {
            try areas.makeAll()
        }
        do {
            if pool == nil {
                pool = try Pool(processes: jobs) { [worker] in worker.perform($0) }
            }
            return try pool?.submit(work) ?? 0
        } catch {
            throw PoolmapError(.processDied, "\(error)")
        }
    }

    /// What has been done since the last call, in the order in which it was done.
    func collect() throws(PoolmapError) -> [TaskCompletion] {
        defer { finished.removeAll() }
        do {
            while let completion = try pool?.nextCompletion(timeout: .zero) {
                finished.append(TaskCompletion(completion))
            }
        } catch {
            throw PoolmapError(.processDied, "\(error)")
        }
        return finished
    }

    /// Waits until something is done, or one of the descriptors can be read, or the time is over.
    func wait(orFor descriptors: [FileDescriptor], lacksHands: Bool, timeout: Duration?) throws(PoolmapError) {
        var objects: [any Waitable] = descriptors
        if let pool {
            // Also when it has nothing to do: that its manager died is told at once, not with the next task.
            objects.append(pool)
        }
        do {
            _ = try Multiprocessing.wait(for: objects, timeout: timeout)
        } catch {
            throw PoolmapError(.failed, "\(error)")
        }
    }

    /// Ends the pool.
    ///
    /// Everything that was taken must have been given back, unless the work was given up.
    func dismiss() {
        pool?.terminate()
        pool = nil
    }
}

extension TaskCompletion {
    init(_ completion: Pool<Work, Done>.Completion) {
        task = completion.task
        result = completion.result.mapError { PoolmapError(.processDied, "\($0)") }
        worker = completion.worker
        attempts = completion.attempts
        startedNanoseconds = completion.startedNanoseconds
        let (seconds, attoseconds) = completion.duration.components
        durationNanoseconds = UInt64(clamping: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
