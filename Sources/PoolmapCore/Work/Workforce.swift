import Glibc
import Multiprocessing
import SystemPackage

/// Those who do the work of a command: a pool of processes, or the front itself where one process is enough.
///
/// The pool is forked when there is work for more than one process: not for a task that is known to be the only one,
/// nor for the first few hundred KiB.
final class Workforce {
    let layout: SlotLayout
    private let jobs: Int
    private let arena: SlotArena?
    private let worker: Worker
    private var pool: Pool<Work, Done>?
    private var finished: [(task: UInt64, result: Result<Done, PoolmapError>)] = []
    private var inlineCount: UInt64 = 0
    private var inlineBytes: UInt64 = 0

    /// So much the front does before it forks anyone: the forks take as long as this.
    private static let bytesWithoutFork: UInt64 = 256 << 10

    /// The most tasks that are handed out and not yet written: those that the workers run, and some for each to go on
    /// with while the front writes.
    let capacity: Int

    /// - Parameter layout: how slots are divided; nil where the work needs none.
    init(
        jobs: Int, layout: SlotLayout?, options: CompressionOptions = CompressionOptions(), maximumWindowLog: Int? = nil
    ) throws(PoolmapError) {
        self.jobs = jobs
        self.layout = layout ?? SlotLayout(decompressing: 0)
        capacity = jobs == 1 ? 1 : jobs + max(2, jobs / 2)
        do throws(MultiprocessingError) {
            arena = layout == nil ? nil : try SlotArena(slotCount: capacity, slotBytes: self.layout.slotBytes)
        } catch {
            throw PoolmapError(.outOfMemory, "\(error)")
        }
        worker = Worker(arena: arena, layout: self.layout, options: options, maximumWindowLog: maximumWindowLog)
    }

    /// Takes a slot; nil while all are in use.
    func acquireSlot() -> Int? {
        arena?.acquire()
    }

    var hasFreeSlot: Bool {
        (arena?.freeCount ?? 0) > 0
    }

    func releaseSlot(_ slot: Int) {
        arena?.release(slot)
    }

    func inputArea(_ slot: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory(slot).prefix(layout.inputBytes))
    }

    func output(_ slot: Int, _ byteCount: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory(slot).dropFirst(layout.inputBytes).prefix(byteCount))
    }

    private func memory(_ slot: Int) -> UnsafeMutableRawBufferPointer {
        arena?[slot] ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    /// The front's own hands, for what must be done in order.
    var local: Worker {
        worker
    }

    /// Hands out a task.
    ///
    /// Returns its number; the front does it at once where no other process is needed.
    func submit(_ work: Work, isOnlyOne: Bool) throws(PoolmapError) -> UInt64 {
        if pool == nil, jobs == 1 || isOnlyOne || inlineBytes + work.byteCount <= Workforce.bytesWithoutFork {
            inlineBytes += work.byteCount
            // Counted down, so as not to meet the numbers of the pool.
            inlineCount += 1
            let task = UInt64.max - inlineCount
            finished.append((task, .success(worker.perform(work))))
            return task
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
    func collect() throws(PoolmapError) -> [(task: UInt64, result: Result<Done, PoolmapError>)] {
        defer { finished.removeAll() }
        do {
            while let completion = try pool?.nextCompletion(timeout: .zero) {
                let result = completion.result.mapError { PoolmapError(.processDied, "\($0)") }
                finished.append((completion.task, result))
            }
        } catch {
            throw PoolmapError(.processDied, "\(error)")
        }
        return finished
    }

    /// Waits until something is done, or the descriptor can be read, or the time is over.
    func wait(orFor descriptor: FileDescriptor?, timeout: Duration?) throws(PoolmapError) {
        var objects: [any Waitable] = []
        if let pool {
            // Also when it has nothing to do: that its manager died is told at once, not with the next task.
            objects.append(pool)
        }
        if let descriptor {
            objects.append(descriptor)
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

    var hasEverySlot: Bool {
        arena.map { $0.freeCount == $0.slotCount } ?? true
    }
}
