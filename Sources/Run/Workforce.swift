import Glibc
import Ground
import JobServer
import Multiprocessing
import SystemPackage

/// Runs the tasks of a command in a pool of worker processes, or in the front itself where one process is enough.
///
/// The pool is forked when there is work for more than one process: not for a task known to be the only one, and not
/// for the first few hundred KiB. Under make's job server the pool is forked with the first token, or for the user's
/// first command, and at most one process more than there are tokens is busy. Tokens are requested while there is work
/// to hand out, and returned as soon as there is none.
package final class Workforce {
    package let layout: SlotLayout
    private let jobs: Int
    private let server: JobServer?
    private let areas: SharedAreas
    /// What this process runs itself; each worker has its own copy.
    private let operations: [any Operation]
    private let hands: Hands
    private var pool: Pool<[UInt8], [UInt8]>?
    private var mayHaveAnswers = false
    private var finished: [TaskCompletion] = []
    private var taskCount: UInt64 = 0
    private var inlineBytes: UInt64 = 0
    private var inlineNanoseconds: UInt64 = 0
    /// Tasks in the pool, by their numbers there.
    private var underWay: [UInt64: Sent] = [:]
    private var bundle = FileBundle()
    private let reach: NameReach?
    private var confinementNote: Confinement.Note?
    private let onConfinement: (Confinement) -> Void

    /// What was sent to a worker in one message.
    private struct Sent {
        let task: TaskMessage
        let tasks: [UInt64]
        /// Empty for a task that is not a bundle of files.
        let files: [FileWork]
        /// Tasks of one lane return results in the order they were handed out; nil returns results as they finish.
        var lane: Int?
        /// How many workers started these tasks before they were sent one by one.
        var earlierAttempts = 0
    }

    /// The front does this much itself before it forks: forking takes about as long.
    private static let bytesWithoutFork: UInt64 = 256 << 10
    /// The same limit as time, for bundles of names, whose work is unknown: there may be any number of empty files.
    private static let nanosecondsWithoutFork: UInt64 = 2_000_000

    /// The most tasks with slots that are handed out and not yet written: one for each worker, and a few to go on with
    /// while the front writes.
    package let slotCount: Int
    /// The most tasks, with slots or without, that are handed out and not accepted.
    ///
    /// Small files take microseconds, so each worker needs several queued.
    let entryLimit: Int
    /// The most inputs open at once: each worker's own, one more for it to go on with, and slow pipes.
    let openLimit: Int

    /// - Parameters:
    ///   - operations: what tasks do, in this process and in each worker.
    ///   - layout: how slots are divided.
    ///   - reach: the files that workers open by name; nil for workers that run commands, which are not sandboxed.
    ///   - onConfinement: called once, when workers have started.
    package init(
        jobs: Int, _ operations: [any Operation], _ layout: SlotLayout, _ reach: NameReach?, _ server: JobServer? = nil,
        onConfinement: @escaping (Confinement) -> Void = { _ in }
    ) {
        self.reach = reach
        self.onConfinement = onConfinement
        self.jobs = jobs
        self.server = jobs > 1 ? server : nil
        self.layout = layout
        slotCount = Workforce.slotCount(jobs: jobs)
        openLimit = max(2, min(8 + 2 * jobs, Workforce.openLimit(jobs: jobs)))
        entryLimit = jobs == 1 ? 1 : 3 * FileBundle.mostFiles * jobs
        areas = SharedAreas(
            layout, slotCount: slotCount, noteCount: jobs == 1 ? 0 : entryLimit, bundleCount: 4 * jobs)
        self.operations = operations
        hands = Hands(layout, areas)
    }

    /// How long a task made of several pieces may take: far longer than a message, and short enough to spread the work
    /// evenly.
    package static let taskNanoseconds: UInt64 = 64_000_000

    /// How many of the remaining bytes should go into one task.
    ///
    /// Tasks get smaller as less is left, so that all workers are busy to the end.
    package func taskBytes(of restBytes: UInt64, most: Int) -> Int {
        jobs == 1 ? 0 : Int(min(UInt64(most), restBytes / UInt64(4 * jobs)))
    }

    /// One process uses one slot; the second is filled by a slow pipe while files go on.
    package static func slotCount(jobs: Int) -> Int {
        jobs == 1 ? 2 : jobs + max(2, jobs / 2)
    }

    /// How many inputs may be open, each with its target and the target's folder.
    ///
    /// The pool manager holds all of them as well, beside a socket and a sentinel for each worker.
    private static func openLimit(jobs: Int) -> Int {
        let others = 12
        return (sysconf(Int32(_SC_OPEN_MAX)) - 2 * jobs - others) / 3
    }

    // MARK: Slots

    /// Takes a slot; returns nil while all are in use.
    package func acquireSlot() throws(PoolmapError) -> Int? {
        try areas.acquireSlot()
    }

    /// Takes a place for a worker's note of what it has done; returns nil while all are in use.
    func acquireNote() throws(PoolmapError) -> NoteTicket? {
        try areas.acquireNote()
    }

    /// Takes a place among the bundles in progress; returns nil while the workers have enough of them.
    ///
    /// - Parameter writes: whether workers note what they have done.
    func acquireBundle(writes: Bool) throws(PoolmapError) -> BundleTicket? {
        try areas.acquireBundle(writes: writes)
    }

    package var hasFreeSlot: Bool {
        areas.hasFreeSlot
    }

    package func releaseSlot(_ slot: Int) {
        areas.releaseSlot(slot)
    }

    /// The first bytes of a slot's input area, valid until a larger area of the same slot is requested.
    package func inputArea(_ slot: Int, _ byteCount: Int) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        try areas.input(slot, byteCount)
    }

    /// The first bytes of what a worker wrote to a slot.
    package func output(_ slot: Int, _ byteCount: Int) throws(PoolmapError) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(try areas.output(slot, byteCount))
    }

    var hasEverySlot: Bool {
        areas.hasEverySlot
    }

    // MARK: Tasks

    /// The front's own instance of an operation, for steps that must be done in order.
    package func own<Wanted: Operation>(_: Wanted.Type) -> Wanted {
        for case let operation as Wanted in operations { return operation }
        preconditionFailure("\(Wanted.self) is not among the operations")
    }

    /// Does a task in this process.
    package func perform(_ task: TaskMessage) -> TaskAnswer {
        if let works = task.wholeFiles { return .files(own(WholeFiles.self).perform(works, [], hands)) }
        return operations[number(of: task)].perform(task, hands)
    }

    private func performHere(_ task: TaskMessage, _ number: UInt64) -> TaskCompletion {
        TaskCompletion(number) { perform(task) }
    }

    private func number(of task: TaskMessage) -> Int {
        operations.firstIndex { type(of: $0) == task.operation } ?? 0
    }

    /// Whether one more process may be busy now.
    var hasHands: Bool {
        guard let server, pool != nil else { return true }
        // With a token for each worker all may be busy, and tasks may queue for them.
        return server.held >= jobs - 1 || underWay.count < 1 + server.held
    }

    /// Whether processes other than the front may be busy.
    private func mayFork() -> Bool {
        guard let server else { return true }
        server.want(jobs - 1)
        server.receive()
        return server.held > 0
    }

    /// Hands out a task and returns its number.
    ///
    /// The front does it at once where no other process is needed.
    ///
    /// - Parameter lane: results of one lane are returned in the order of their tasks.
    package func submit(
        _ task: TaskMessage, lane: Int?, isOnlyOne: Bool, mayBeDoneHere: Bool = false
    ) throws(PoolmapError) -> UInt64 {
        taskCount += 1
        let isIdle = mayBeDoneHere && underWay.count < jobs
        if isIdle || (pool == nil && bundle.isEmpty && isForFront(task, isOnlyOne)) {
            if task.operation == NameWork.self {
                finished.append(try performNamesHere(task))
                return taskCount
            }
            inlineBytes += task.byteCount
            let completion = performHere(task, taskCount)
            if let files = task.wholeFiles {
                bundle.learn(files.all, completion.durationNanoseconds)
            }
            finished.append(completion)
            return taskCount
        }
        if let files = task.wholeFiles {
            if bundle.isFull {
                try sendFiles()
            }
            bundle.add(files.all, taskCount)
        } else {
            // A finished result that waits for its turn would count as a busy worker, and tokens are requested by that
            // count.
            try send(Sent(task: task, tasks: [taskCount], files: [], lane: server == nil ? lane : nil))
        }
        return taskCount
    }

    private var runsCommands: Bool { reach == nil }

    private func isForFront(_ task: TaskMessage, _ isOnlyOne: Bool) -> Bool {
        if jobs == 1 || isOnlyOne { return true }
        // While the front waits for a command, it would miss tokens that arrive in the meantime.
        return !runsCommands && (inlineBytes + task.byteCount < Workforce.bytesWithoutFork || !mayFork())
    }

    /// Does the first names here, for as long as forking workers would take.
    private func performNamesHere(_ task: TaskMessage) throws(PoolmapError) -> TaskCompletion {
        var names = try NameWork.work(task)
        if mayFork() {
            names.mostBytes = Workforce.bytesWithoutFork - min(inlineBytes, Workforce.bytesWithoutFork)
            let rest = Workforce.nanosecondsWithoutFork - min(inlineNanoseconds, Workforce.nanosecondsWithoutFork)
            names.wantedNanoseconds = min(names.wantedNanoseconds, rest)
        }
        let completion = performHere(NameWork.task(names, [], byteCount: 0), taskCount)
        if case .success(let answer) = completion.result, let outcome = try? NameWork.done(answer) {
            inlineNanoseconds += outcome.nanoseconds
            let isEnough = outcome.count < names.count || inlineNanoseconds >= Workforce.nanosecondsWithoutFork
            inlineBytes += isEnough ? Workforce.bytesWithoutFork : outcome.inputBytes
        }
        return completion
    }

    /// Sends the files collected in the bundle.
    func sendFiles() throws(PoolmapError) {
        guard !bundle.isEmpty else { return }
        let (files, tasks) = bundle.take()
        try send(Sent(task: .files(FileWorks(files), isSent: true), tasks: tasks, files: files))
    }

    private func send(_ sent: Sent) throws(PoolmapError) {
        if pool == nil {
            try areas.makeAll()
            for operation in operations {
                try operation.prepare()
            }
        }
        do {
            let pool = try pool ?? makePool()
            self.pool = pool
            underWay[try submit(sent.task, lane: sent.lane, to: pool)] = sent
        } catch let error as MultiprocessingError {
            throw PoolmapError(error, else: .processDied)
        } catch {
            throw PoolmapError(.processDied, "\(error)")
        }
    }

    private func makePool() throws(MultiprocessingError) -> Pool<[UInt8], [UInt8]> {
        guard let reach else { return try pool(processes: jobs, initializer: {}) }
        let note = try Confinement.Note()
        confinementNote = note
        return try pool(processes: jobs, initializer: { note.write(Confinement.enter(reach)) })
    }

    /// Forks one process for single tasks; it is sandboxed and opens nothing by name, unless the run's workers run
    /// commands.
    package func sparePool() throws(MultiprocessingError) -> Pool<[UInt8], [UInt8]> {
        let isShutIn = !runsCommands
        return try pool(processes: 1, initializer: { if isShutIn { _ = Confinement.enter(.nothing) } })
    }

    /// Forks processes that do this run's tasks.
    private func pool(
        processes: Int, initializer: @escaping () throws -> Void
    ) throws(MultiprocessingError) -> Pool<[UInt8], [UInt8]> {
        try Pool(processes: processes, workers: WorkerSettings(standardInput: .inherited), initializer: initializer) {
            [operations, hands] bytes in
            TaskWire.perform(bytes, operations, hands)
        }
    }

    /// Hands a task to a pool; returns its number there.
    package func submit(
        _ task: TaskMessage, lane: Int? = nil, to pool: Pool<[UInt8], [UInt8]>
    ) throws(MultiprocessingError) -> UInt64 {
        try pool.submit(TaskWire.bytes(of: task, number(of: task)), lane: lane, descriptors: task.files)
    }

    /// Translates a completion of the pool into one of the run.
    package func completion(
        _ completion: Pool<[UInt8], [UInt8]>.Completion, of task: TaskMessage
    ) throws(PoolmapError) -> TaskCompletion {
        let result: Result<TaskAnswer, PoolmapError> =
            switch completion.result {
            case .failure(let error): .failure(PoolmapError(error, else: .processDied))
            case .success(let wire): .success(try TaskWire.answer(wire, of: task.operation))
            }
        let (seconds, attoseconds) = completion.duration.components
        return TaskCompletion(
            task: completion.task, result: result, worker: completion.worker, attempts: completion.attempts,
            startedNanoseconds: completion.startedNanoseconds,
            durationNanoseconds: UInt64(clamping: seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
    }

    private func tellConfinement() {
        if let confinement = confinementNote?.confinement {
            onConfinement(confinement)
            confinementNote = nil
        }
    }

    /// The tasks finished since the last call, in the order they finished.
    ///
    /// Does not block, and makes a system call only after `wait` has seen something.
    func collect() throws(PoolmapError) -> [TaskCompletion] {
        defer { finished.removeAll(keepingCapacity: true) }
        if let pool, mayHaveAnswers {
            mayHaveAnswers = false
            try processErrors {
                // One call receives everything that has arrived.
                var next = try pool.nextCompletion(timeout: .zero)
                while let completion = next {
                    try take(completion)
                    next = if case .ready = pool.waitState { try pool.nextCompletion(timeout: .zero) } else { nil }
                }
            }
        }
        return finished
    }

    private func take(_ completion: Pool<[UInt8], [UInt8]>.Completion) throws {
        guard let sent = underWay.removeValue(forKey: completion.task) else { return }
        tellConfinement()
        try take(self.completion(completion, of: sent.task), sent)
    }

    private func processErrors(_ body: () throws -> Void) throws(PoolmapError) {
        do {
            try body()
        } catch let error as MultiprocessingError {
            throw PoolmapError(error, else: .processDied)
        } catch {
            throw error as? PoolmapError ?? PoolmapError(.processDied, "\(error)")
        }
    }

    /// Whether a result can be collected without waiting.
    var hasFinished: Bool { !finished.isEmpty }

    private func take(_ completion: TaskCompletion, _ sent: Sent) throws(PoolmapError) {
        switch completion.result {
        case .success(let answer) where sent.task.operation == WholeFiles.self:
            let files = try WholeFiles.done(answer)
            bundle.learn(sent.files, completion.durationNanoseconds)
            for (task, file) in zip(sent.tasks, files.all) {
                finished.append(
                    TaskCompletion(
                        task: task, result: .success(.files(FileResults([file]))), worker: completion.worker,
                        attempts: sent.earlierAttempts + completion.attempts,
                        startedNanoseconds: file.startedNanoseconds,
                        durationNanoseconds: file.durationNanoseconds))
            }
        case .failure where sent.files.count > 1:
            // One of the files kills the workers: send each by itself, so that the others still succeed.
            for (task, file) in zip(sent.tasks, sent.files) {
                try send(
                    Sent(
                        task: .files(FileWorks([file]), isSent: true), tasks: [task], files: [file],
                        earlierAttempts: completion.attempts))
            }
        case .success(.leftToFront):
            for task in sent.tasks {
                finished.append(performHere(sent.task, task))
            }
        default:
            for task in sent.tasks {
                finished.append(completion.of(task, after: sent.earlierAttempts))
            }
        }
    }

    /// Waits until a task is done, one of the descriptors can be read, or the timeout ends.
    package func wait(orFor descriptors: [FileDescriptor], lacksHands: Bool, timeout: Duration?) throws(PoolmapError) {
        var objects: [any Waitable] = descriptors
        if let server {
            server.want(lacksHands ? jobs - 1 : min(jobs - 1, max(0, underWay.count - 1)))
            objects += server.descriptor.map { [$0] } ?? []
        }
        if let pool, objects.isEmpty, !underWay.isEmpty {
            // Waiting and receiving are one step here.
            try processErrors {
                if let completion = try pool.nextCompletion(timeout: timeout) {
                    try take(completion)
                }
            }
            mayHaveAnswers = if case .ready = pool.waitState { true } else { false }
        } else {
            if let pool {
                // Include an idle pool: the death of its manager is then noticed now, not with the next task.
                objects.append(pool)
            }
            do {
                let ready = try Multiprocessing.wait(for: objects, timeout: timeout)
                mayHaveAnswers = mayHaveAnswers || pool != nil && ready.last == objects.count - 1
            } catch {
                throw PoolmapError(error, else: .failed)
            }
        }
        server?.receive()
    }

    /// Ends the pool.
    ///
    /// Every slot must have been returned, unless the run was abandoned.
    package func dismiss() {
        pool?.terminate()
        pool = nil
        // Only now is every process idle.
        server?.close()
    }
}

extension TaskCompletion {
    /// The same completion under a task number of the workforce.
    package func of(_ task: UInt64, after earlierAttempts: Int) -> TaskCompletion {
        TaskCompletion(
            task: task, result: result, worker: worker, attempts: earlierAttempts + attempts,
            startedNanoseconds: startedNanoseconds,
            durationNanoseconds: durationNanoseconds)
    }
}
