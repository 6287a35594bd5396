import Glibc
import Ground
import JobServer
import Multiprocessing
import SystemPackage

/// Those who do the work of a command: a pool of processes, or the front itself where one process is enough.
///
/// The pool is forked when there is work for more than one process: not for a task that is known to be the only one,
/// nor for the first few hundred KiB. Under make's job server it is forked with the first token, or for the first command
/// of the user's, and so many are busy as there are tokens, and one: tokens are asked for while there is something to hand
/// out, and given back as soon as nothing is.
package final class Workforce {
    package let layout: SlotLayout
    private let jobs: Int
    private let server: JobServer?
    private let areas: SharedAreas
    /// What this process does itself, and each worker in its own.
    private let operations: [any Operation]
    private let hands: Hands
    private var pool: Pool<[UInt8], [UInt8]>?
    private var mayHaveAnswers = false
    private var finished: [TaskCompletion] = []
    private var taskCount: UInt64 = 0
    private var inlineBytes: UInt64 = 0
    private var inlineNanoseconds: UInt64 = 0
    /// The tasks that the pool knows by these numbers.
    private var underWay: [UInt64: Sent] = [:]
    private var bundle = FileBundle()
    private let reach: NameReach?
    private var confinementNote: Confinement.Note?
    private let onConfinement: (Confinement) -> Void

    /// What was sent to a worker together.
    private struct Sent {
        let task: TaskMessage
        let tasks: [UInt64]
        /// Empty for what is no file.
        let files: [FileWork]
        /// Whose results come in the order in which they were handed out; nil where they come as they end.
        var lane: Int?
        /// How many workers began them before they were sent one by one.
        var earlierAttempts = 0
    }

    /// So much the front does before it forks anyone: the forks take as long as this.
    private static let bytesWithoutFork: UInt64 = 256 << 10
    /// The same where names tell nothing of what they take: of empty files there could be any number.
    private static let nanosecondsWithoutFork: UInt64 = 2_000_000

    /// The most tasks with slots that are handed out and not yet written: those that the workers run, and some for each
    /// to go on with while the front writes.
    package let slotCount: Int
    /// The most tasks, with slots or without, that are handed out and not accepted.
    ///
    /// Small files take microseconds, so each worker should have some to go on with.
    let entryLimit: Int
    /// The most inputs that are open at once: one for each worker to go on with, beside its own; and slow pipes.
    let openLimit: Int

    /// - Parameters:
    ///   - operations: what is done, in this process and in each worker.
    ///   - layout: how slots are divided.
    ///   - reach: which files workers open by their names; nil where they run commands, and are not shut in.
    ///   - onConfinement: called once, when workers have begun.
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

    /// So long a task may take for which pieces are put together: far longer than a message, and so short that everything
    /// is shared out.
    package static let taskNanoseconds: UInt64 = 64_000_000

    /// How much of so many bytes that are left should go into one task.
    ///
    /// The less is left, the less: all are to be busy to the end.
    package func taskBytes(of restBytes: UInt64, most: Int) -> Int {
        jobs == 1 ? 0 : Int(min(UInt64(most), restBytes / UInt64(4 * jobs)))
    }

    /// One process uses one slot; the other is for a slow pipe, which fills its own while files go on.
    package static func slotCount(jobs: Int) -> Int {
        jobs == 1 ? 2 : jobs + max(2, jobs / 2)
    }

    /// So many inputs may be open, with their targets and the folders of these, where the pool manager has them all too,
    /// beside a socket and a sentinel for each worker.
    private static func openLimit(jobs: Int) -> Int {
        let others = 12
        return (sysconf(Int32(_SC_OPEN_MAX)) - 2 * jobs - others) / 3
    }

    // MARK: Slots

    /// Takes a slot; nil while all are in use.
    package func acquireSlot() throws(PoolmapError) -> Int? {
        try areas.acquireSlot()
    }

    /// Takes a place for a worker's note of what it has done; nil while all are in use.
    func acquireNote() throws(PoolmapError) -> NoteTicket? {
        try areas.acquireNote()
    }

    /// Takes a place among the bundles that are under way; nil while there are as many as workers have use for.
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

    /// The first bytes of what a worker is to read, valid until more of the same slot is asked for.
    package func inputArea(_ slot: Int, _ byteCount: Int) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        try areas.input(slot, byteCount)
    }

    /// The first bytes of what a worker has written.
    package func output(_ slot: Int, _ byteCount: Int) throws(PoolmapError) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(try areas.output(slot, byteCount))
    }

    var hasEverySlot: Bool {
        areas.hasEverySlot
    }

    // MARK: Tasks

    /// The front's own instance of an operation, for what must be done in order.
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

    /// Whether one more may be busy now.
    var hasHands: Bool {
        guard let server, pool != nil else { return true }
        // With a token for each, all may be busy, and tasks may wait for them.
        return server.held >= jobs - 1 || underWay.count < 1 + server.held
    }

    /// Whether there may be others than the front.
    private func mayFork() -> Bool {
        guard let server else { return true }
        server.want(jobs - 1)
        server.receive()
        return server.held > 0
    }

    /// Hands out a task.
    ///
    /// Returns its number; the front does it at once where no other process is needed.
    ///
    /// - Parameter lane: the results of one lane are wanted in their order.
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
            // A result that waits for its turn would pass for one that is being worked on, and tokens are counted by these.
            try send(Sent(task: task, tasks: [taskCount], files: [], lane: server == nil ? lane : nil))
        }
        return taskCount
    }

    private var runsCommands: Bool { reach == nil }

    private func isForFront(_ task: TaskMessage, _ isOnlyOne: Bool) -> Bool {
        if jobs == 1 || isOnlyOne { return true }
        // While the front waits for a command, make would miss the tokens that come in the meantime.
        return !runsCommands && (inlineBytes + task.byteCount < Workforce.bytesWithoutFork || !mayFork())
    }

    /// Does the first names, as far as that takes no longer than to fork workers for them.
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

    /// Sends the files that wait for company.
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

    /// Forks a process for single tasks, which opens nothing by its name, but for those who are not shut in.
    package func sparePool() throws(MultiprocessingError) -> Pool<[UInt8], [UInt8]> {
        let isShutIn = !runsCommands
        return try pool(processes: 1, initializer: { if isShutIn { _ = Confinement.enter(.nothing) } })
    }

    /// Forks processes that do the tasks of this run.
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

    /// What the pool says of a task, in the words of the run.
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

    /// What has been done since the last call, in the order in which it was done.
    ///
    /// Does not block, and asks the kernel only where `wait` has seen something.
    func collect() throws(PoolmapError) -> [TaskCompletion] {
        defer { finished.removeAll(keepingCapacity: true) }
        if let pool, mayHaveAnswers {
            mayHaveAnswers = false
            try processErrors {
                // One call takes in all that there is.
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

    /// Whether there is something to collect that need not be waited for.
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
            // One of them ends the workers: the others are not to suffer for it.
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

    /// Waits until something is done, or one of the descriptors can be read, or the time is over.
    package func wait(orFor descriptors: [FileDescriptor], lacksHands: Bool, timeout: Duration?) throws(PoolmapError) {
        var objects: [any Waitable] = descriptors
        if let server {
            server.want(lacksHands ? jobs - 1 : min(jobs - 1, max(0, underWay.count - 1)))
            objects += server.descriptor.map { [$0] } ?? []
        }
        if let pool, objects.isEmpty, !underWay.isEmpty {
            // To wait and to receive is one step then.
            try processErrors {
                if let completion = try pool.nextCompletion(timeout: timeout) {
                    try take(completion)
                }
            }
            mayHaveAnswers = if case .ready = pool.waitState { true } else { false }
        } else {
            if let pool {
                // Also when it has nothing to do: that the pool manager died is told at once, not with the next task.
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
    /// Everything that was taken must have been given back, unless the work was given up.
    package func dismiss() {
        pool?.terminate()
        pool = nil
        // Only now is nobody busy.
        server?.close()
    }
}

extension TaskCompletion {
    /// The same for a number of the workforce's own.
    package func of(_ task: UInt64, after earlierAttempts: Int) -> TaskCompletion {
        TaskCompletion(
            task: task, result: result, worker: worker, attempts: earlierAttempts + attempts,
            startedNanoseconds: startedNanoseconds,
            durationNanoseconds: durationNanoseconds)
    }
}
