import Glibc
import SystemPackage

/// The pool manager: hands tasks to workers, passes results back, replaces workers that die.
///
///     front ──tasks──> pool manager ──tasks──> worker 0 … worker N-1
///     front <─results─ pool manager <─results─ worker
///
/// It has one thread from birth and is the only process that forks workers, so it may do so at any moment. It never
/// blocks but in one wait for everything: front, workers, and the sentinel of each worker. A worker that is slow to
/// read keeps its bytes in that worker's buffer here; a front that is slow to read stops the pool manager from reading
/// more results (`maximumUnsentBytes`), and so the workers from producing them. Nobody waits in a circle: workers wait
/// for the pool manager, the pool manager for no one.
///
/// A worker *holds* the tasks that were sent to it and are not answered: one at a time, or some more while tasks are
/// short, so that it need not wait for the next. It begins them one after the other, each by a claim in memory that the
/// pool manager shares (`TaskClaims`). So the pool manager can take back what has not begun, and does when the one
/// before takes long (`PoolManagerSupervision.swift`). When a task is cancelled or runs for longer than it may, it
/// takes back what is behind it and kills the worker.
///
/// A worker dies with at most one task begun, which the claims name. That one is tried again, as often
/// as its frame says; what the worker held besides goes to others, without blame (`PoolManagerStaff.swift`). When the front closes
/// its end or dies, the pool manager ends the workers, reaps them and leaves; and if it is killed itself, the kernel
/// kills the workers.
///
/// Each task ends once: its frame is in the backlog or held by one worker, and whoever takes it out for good, be it a
/// result, a death, the clock or the front, sends the one answer. Of the tasks of a lane the answers go in the order of
/// the tasks (`TaskLanes`).
final class PoolManager {
    /// While so much waits for the front to read, no more results are taken from workers.
    private static let maximumUnsentBytes = 16 << 20
    private static let maximumInFlight = 64
    /// While results may wait, they go to the front so many bytes at a time.
    private static let bytesPerMessage = 1 << 15

    let front: FrameChannel
    let program: WorkerProgram
    let plan: PoolPlan
    let board: WorkerBoard
    var workers: [ManagedWorker?]
    var backlog = TaskBacklog()
    private(set) var pace = PoolPace.prompt
    private var lanes = TaskLanes()
    /// What tasks use; a worker is handed one with its first task that does.
    private var descriptors: [UInt64: HandedDescriptor] = [:]
    private var frontHasClosed = false
    /// The initializer does not work: no more workers are made, and the front is to close the pool.
    private(set) var hasFailed = false
    /// What the kernel has refused where it could not be thrown.
    var refusal: MultiprocessingError?
    /// How many workers in a row have died before their initializer was done.
    var stillbirths = 0
    /// A moving mean of what a task takes; it starts high, so that the first tasks are handed out one by one.
    private var meanNanoseconds: UInt64 = 10_000_000
    /// When it last waited.
    private var wasFrontSlow = false
    /// When the results that wait for others go to the front at the latest; `UInt64.max` where none does.
    private var tellFrontAt = UInt64.max
    /// A worker is looked at by this moment, if nothing happens before; `UInt64.max` for never.
    var nextLook = UInt64.max
    /// There is room for a worker.
    var isWorkerMissing = true
    /// Those that may have something to be sent.
    private var listed: [ManagedWorker] = []
    /// What it waits for: the front, channel and sentinel of each worker.
    private var events: EventQueue
    private var frontEvents = EventQueue.readable
    private static let frontTag: UInt64 = 0

    init(front: FrameChannel, _ plan: PoolPlan, program: WorkerProgram) throws(MultiprocessingError) {
        self.front = front
        self.program = program
        self.plan = plan
        self.board = try WorkerBoard(workers: plan.workerCount)
        self.workers = Array(repeating: nil, count: plan.workerCount)
        self.events = try EventQueue(batch: 1 + 2 * plan.workerCount)
        try events.add(front.number, frontEvents, tag: PoolManager.frontTag)
    }

    /// The process's whole life.
    func run() -> Never {
        do {
            while !front.isAtEnd && !(frontHasClosed && isIdle) {
                try replaceMissingWorkers()
                dispatch()
                try flush()
                try waitAndReceive()
                if let refusal { throw refusal }
            }
            try drainToFront()
        } catch Errno.brokenPipe {
            // The front has closed its end or died: as if it had said so before.
        } catch {
            endWorkers(byKilling: true)
            PoolManager.leave(after: error, telling: front)
        }
        endWorkers(byKilling: !(frontHasClosed && isIdle))
        Fork.leave(EXIT_SUCCESS)
    }

    /// Tells the front what the kernel refused, if it still can.
    static func leave(after error: any Error, telling front: FrameChannel) -> Never {
        var frame = PoolFrame(.poolManagerFailed)
        let errno = (error as? MultiprocessingError)?.errno ?? error as? Errno
        frame.status = errno?.rawValue ?? 0
        var text = (error as? MultiprocessingError)?.text ?? (error is Errno ? "a channel fails" : "\(error)")
        text.withUTF8 { front.enqueue(frame, UnsafeRawBufferPointer($0)) }
        try? front.flush()
        Fork.leave(EXIT_FAILURE)
    }

    private var isIdle: Bool {
        backlog.isEmpty && workers.allSatisfy { ($0?.heldCount ?? 0) == 0 }
    }

    // MARK: Tasks to workers

    /// More than one at a time only where tasks are short: a task that waits behind a long one could run elsewhere.
    private var tasksInFlight: Int {
        1 + min(PoolManager.maximumInFlight - 1, Int(pace.aheadNanoseconds / max(meanNanoseconds, 1)))
    }

    /// Whether the next task may go to a worker, though much waits for the front or for a task before it.
    ///
    /// It may if its answer would not wait, or if no answer is to be expected from anyone else. So the task that others
    /// wait for goes to a worker sooner or later, whatever is before it here.
    ///
    /// - Parameter heldCount: how many tasks workers hold, whose answers are taken to be as large as those that wait.
    private func mayHandOut(beside heldCount: Int) -> Bool {
        lanes.heldBytes + heldCount * lanes.meanBytes + front.unsentBytes <= PoolManager.maximumUnsentBytes
            || backlog.next.map(lanes.isNext) != false || workers.allSatisfy { ($0?.heldCount ?? 0) == 0 }
    }

    /// Takes its time where tasks wait for each worker besides those that it holds.
    private func choosePace() {
        let new: PoolPace = backlog.unitCount >= 2 * workers.count ? .thrifty : .prompt
        guard new != pace else { return }
        pace = new
        for case let worker? in workers {
            worker.outbox.allowWaiting(nanoseconds: pace.outboxNanoseconds)
        }
    }

    private func dispatch() {
        choosePace()
        guard !backlog.isEmpty else { return }
        let (limit, now) = (tasksInFlight, monotonicNanoseconds())
        var (takers, heldCount): ([ManagedWorker], Int) = ([], 0)
        for case let worker? in workers {
            heldCount += worker.heldCount
            if canTake(worker, holding: limit) && !isStuck(worker, now) {
                takers.append(worker)
            }
        }
        takers.sort { $0.heldCount < $1.heldCount }
        // Who holds less is served first, so that nobody waits while others hold several.
        var (level, end) = ((takers.first?.heldCount ?? limit) + 1, 0)
        while level <= limit && !backlog.isEmpty && mayHandOut(beside: heldCount) {
            while end < takers.count && takers[end].heldCount < level { end += 1 }
            for worker in takers[..<end]
            where canTake(worker, holding: level) && !backlog.isEmpty && mayHandOut(beside: heldCount) {
                if worker.heldCount == 0 {
                    worker.lastSign = now
                }
                let before = worker.heldCount
                backlog.takeUnit(atMost: plan.maxTasksPerWorker - worker.handedCount) { worker.give($0, descriptors) }
                heldCount += worker.heldCount - before
                list(worker)
            }
            level += 1
        }
        for worker in listed where worker.hasNewTasks {
            worker.allowGiven()
            scheduleLook(at: worker, now)
        }
    }

    private func canTake(_ worker: ManagedWorker, holding limit: Int) -> Bool {
        worker.canTake(holding: limit, lifetime: plan.maxTasksPerWorker)
    }

    /// Tasks are short in the mean, but the one that this worker is at is not: others would wait behind it.
    private func isStuck(_ worker: ManagedWorker, _ now: UInt64) -> Bool {
        worker.heldCount > 0 && now - worker.lastSign > pace.aheadNanoseconds
    }

    /// Takes note of a worker that may have something to be sent.
    private func list(_ worker: ManagedWorker) {
        if !worker.isListed {
            worker.isListed = true
            listed.append(worker)
        }
    }

    private func flush() throws {
        for worker in listed where worker === workers[worker.position] {
            worker.isListed = false
            do throws(Errno) {
                try worker.channel.flush()
            } catch {
                // A worker that does not take its tasks any more has died; its sentinel says so.
                guard error == .brokenPipe || error == .connectionReset else { throw error }
            }
            try watch(worker)
        }
        listed.removeAll(keepingCapacity: true)
        if !resultsMayWait || lanes.hasFullLanes {
            repeat {
                passOn()
                try front.flush()
            } while lanes.hasFullLanes && !isFrontSlow
            tellFrontAt = front.unsentBytes > 0 ? 0 : .max
        }
    }

    /// Whether what is to go to the front waits for more, so that the front wakes once for many.
    ///
    /// Not where a worker has no next task: the front may hand one in when it has results.
    private var resultsMayWait: Bool {
        backlog.unitCount >= workers.count && front.unsentBytes < PoolManager.bytesPerMessage
            && (tellFrontAt == .max || tellFrontAt > monotonicNanoseconds())
    }

    // MARK: Waiting

    /// No more results are taken in until the front has read.
    var isFrontSlow: Bool {
        front.unsentBytes > PoolManager.maximumUnsentBytes
    }

    private func waitAndReceive() throws {
        if wasFrontSlow != isFrontSlow {
            wasFrontSlow.toggle()
            if !wasFrontSlow { scheduleLooks() }
            for case let worker? in workers {
                try watch(worker)
            }
        }
        // 0 where the kernel did not take all of it.
        let wanted = EventQueue.readable | (tellFrontAt == 0 ? EventQueue.writable : 0)
        if wanted != frontEvents {
            try events.change(front.number, wanted, tag: PoolManager.frontTag)
            frontEvents = wanted
        }
        for event in try events.wait(until: Deadline(at: min(nextLook, tellFrontAt == 0 ? .max : tellFrontAt))) {
            guard event.data.u64 != PoolManager.frontTag else {
                try front.fill()
                receiveFromFront()
                continue
            }
            let (position, isSentinel) = (Int(event.data.u64 - 1) / 2, event.data.u64 % 2 == 0)
            if isSentinel {
                try bury(workerAt: position)
            } else if let worker = workers[position] {
                try attend(to: worker, event.events)
            }
        }
        lookAtWorkers()
    }

    private func attend(to worker: ManagedWorker, _ events: UInt32) throws {
        if events & EventQueue.writable != 0 {
            list(worker)
        }
        guard events & (EventQueue.readable | EventQueue.ended) != 0, !wasFrontSlow, !worker.channel.isAtEnd else {
            return
        }
        try worker.channel.fill()
        try watch(worker)
        receive(from: worker)
    }

    func beginWatching(_ worker: ManagedWorker) throws(MultiprocessingError) {
        try events.add(worker.process.sentinel, EventQueue.readable, tag: UInt64(2 + 2 * worker.position))
        try watch(worker)
    }

    func endWatching(_ worker: ManagedWorker) {
        events.remove(worker.process.sentinel)
        events.remove(worker.channel.number)
        worker.watched = nil
    }

    /// Has a worker's channel watched for what is to be done with it now.
    private func watch(_ worker: ManagedWorker) throws(MultiprocessingError) {
        // One at its end would be ready for ever.
        let wanted: UInt32? =
            worker.channel.isAtEnd
            ? nil
            : (wasFrontSlow ? 0 : EventQueue.readable) | (worker.channel.unsentBytes > 0 ? EventQueue.writable : 0)
        guard wanted != worker.watched else { return }
        let (number, tag) = (worker.channel.number, UInt64(1 + 2 * worker.position))
        if let wanted {
            try worker.watched == nil ? events.add(number, wanted, tag: tag) : events.change(number, wanted, tag: tag)
        } else {
            events.remove(number)
        }
        worker.watched = wanted
    }

    private func receiveFromFront() {
        var (cancelled, withdraws): (TaskRanges?, Bool) = (nil, false)
        front.takeFrames { frame, bytes in
            switch frame.kind {
            case .task:
                lanes.expect(frame)
                backlog.append(frame, bytes)
            case .descriptor:
                descriptors[frame.task] = front.takeDescriptor().map {
                    HandedDescriptor(owning: $0, key: frame.task)
                }
            case .release:
                descriptors.removeValue(forKey: frame.task)
                for case let worker? in workers {
                    worker.release(frame.task)
                    list(worker)
                }
            case .cancel:
                let count = bytes.loadUnaligned(fromByteOffset: PoolFrame.byteCount, as: UInt64.self)
                cancelled = (cancelled ?? TaskRanges()).adding(frame.task..<frame.task + count)
            case .withdraw: withdraws = true
            case .inspect: tellWhatWorkersDo()
            default: frontHasClosed = true
            }
        }
        if let cancelled {
            cancel(cancelled)
        }
        if withdraws {
            withdraw(TaskRanges().adding(1..<UInt64.max))
        }
    }

    // MARK: Results from workers

    func receive(from worker: ManagedWorker) {
        let before = worker.heldCount
        worker.channel.takeFrames { frame, bytes in
            receive(frame, bytes, from: worker)
        }
        if worker.channel.isBroken {
            // It is not our code that writes this. Its tasks go to others once it is dead.
            worker.process.send(signal: SIGKILL)
        }
        guard worker.heldCount != before || worker.isSpent else { return }
        worker.lastSign = monotonicNanoseconds()
        scheduleLook(at: worker, worker.lastSign)
        if worker.heldCount == 0 && (worker.isSpent || worker.handedCount >= plan.maxTasksPerWorker) {
            worker.channel.endSending()
        }
    }

    private func receive(_ frame: PoolFrame, _ bytes: UnsafeRawBufferPointer, from worker: ManagedWorker) {
        switch frame.kind {
        case .ready:
            worker.isReady = true
            stillbirths = 0
        case .log: front.enqueue(frames: bytes)
        case .spent:
            worker.isSpent = true
            backlog.putBack(worker.takeBack(from: worker.firstHeld))
        case .result, .failure:
            // One that a dead worker had in its outbox may have come over the channel too.
            guard let task = worker.nextToAnswer, task.task == frame.task else { return }
            worker.dropFirst(task)
            meanNanoseconds = (meanNanoseconds * 7 + min(frame.durationNanoseconds, 1 << 50)) / 8
            pass(task, bytes)
        default:
            fail(with: bytes)
        }
    }

    /// Sends the one answer to a task, when it is its turn.
    func pass(_ task: PoolFrame, _ answer: UnsafeRawBufferPointer) {
        lanes.pass(task, answer, while: { !isFrontSlow }) { front.enqueue(frames: $0) }
        noteUnsent()
    }

    /// Sends on what waited for the front to read, as far as it has.
    private func passOn() {
        lanes.passOn(while: { !isFrontSlow }) { front.enqueue(frames: $0) }
        noteUnsent()
    }

    private func noteUnsent() {
        if tellFrontAt == .max && front.unsentBytes > 0 {
            tellFrontAt = monotonicNanoseconds() + pace.messageNanoseconds
        }
    }

    /// The first failure is the pool's; the other workers', which fail alike, are not told.
    func fail(with frame: UnsafeRawBufferPointer) {
        guard !hasFailed else { return }
        hasFailed = true
        front.enqueue(frames: frame)
        tellFrontNow()
    }

    /// Has what is to go to the front wait for nothing.
    func tellFrontNow() {
        tellFrontAt = 0
    }

    /// Sends what is left while the front still reads.
    private func drainToFront() throws {
        while (front.unsentBytes > 0 || lanes.hasFullLanes) && !front.isAtEnd {
            passOn()
            try front.flush()
            var entries = [pollfd(fd: front.number, events: Int16(POLLIN | POLLOUT), revents: 0)]
            try poll(&entries, until: Deadline(after: nil))
            if entries[0].revents & Int16(POLLIN | POLLHUP) != 0 {
                try front.fill()
            }
        }
    }
}
