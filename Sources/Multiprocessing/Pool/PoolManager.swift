import Glibc
import SystemPackage

/// The pool manager: gives tasks to workers, passes results back, replaces workers that die.
///
///     front ──tasks──> pool manager ──tasks──> worker 0 … worker N-1
///     front <─results─ pool manager <─results─ worker
///
/// It always has a single thread and is the only process that forks workers, so it may fork at any moment. It blocks
/// only in one wait for everything: the front, the workers, and the sentinel of each worker. If a worker is slow to
/// read, its bytes stay in that worker's buffer here. If the front is slow to read, the pool manager stops reading
/// results (`maximumUnsentBytes`), and so the workers stop producing them. It cannot deadlock: workers wait for the
/// pool manager, and the pool manager waits for no one.
///
/// A worker *holds* the tasks that were sent to it and not answered yet: one at a time, or more while tasks are short,
/// so that it need not wait for the next. It begins them one after the other, each by a claim in memory shared with the
/// pool manager (`TaskClaims`). So the pool manager can take back tasks that have not begun, and does when the one
/// before takes long (`PoolManagerSupervision.swift`). When a task is cancelled or exceeds its time limit, the pool
/// manager takes back the tasks behind it and kills the worker.
///
/// A worker that dies has begun at most one unfinished task, which the claims identify. That one is tried again, as
/// often as its frame says; the other tasks of the worker go to others and are not counted as attempts
/// (`PoolManagerStaff.swift`). When the front closes its end or dies, the pool manager ends the workers, reaps them and
/// exits. If the pool manager itself is killed, the kernel kills the workers.
///
/// Each task ends once: its frame is in the backlog or held by one worker, and the event that removes it for good (a
/// result, a death, a timeout or a request of the front) sends its only answer. Answers to the tasks of a lane are sent
/// in the order of the tasks (`TaskLanes`).
final class PoolManager {
    /// With this many bytes unread by the front, no more results are taken from workers.
    private static let maximumUnsentBytes = 16 << 20
    private static let maximumInFlight = 64
    /// While results may wait, they are sent to the front in batches of this many bytes.
    private static let bytesPerMessage = 1 << 15

    let front: FrameChannel
    let program: WorkerProgram
    let plan: PoolPlan
    let board: WorkerBoard
    var workers: [ManagedWorker?]
    var backlog = TaskBacklog()
    private(set) var pace = PoolPace.prompt
    private var lanes = TaskLanes()
    /// The descriptors that tasks use; a worker gets one with its first task that uses it.
    private var descriptors: [UInt64: HandedDescriptor] = [:]
    private var frontHasClosed = false
    /// The initializer has failed: no more workers are made, and the front should close the pool.
    private(set) var hasFailed = false
    /// An error of the kernel that could not be thrown where it occurred.
    var refusal: MultiprocessingError?
    /// How many workers in a row have died before their initializer was done.
    var stillbirths = 0
    /// A moving average of task durations; it starts high, so that the first tasks are given out one by one.
    private var meanNanoseconds: UInt64 = 10_000_000
    /// Whether the front was slow at the last wait.
    private var wasFrontSlow = false
    /// When waiting results must be sent to the front; `UInt64.max` if there are none.
    private var tellFrontAt = UInt64.max
    /// When the next check of a worker is due; `UInt64.max` for never.
    var nextLook = UInt64.max
    /// Whether a worker's place is empty.
    var isWorkerMissing = true
    /// Workers that may have unsent frames.
    private var listed: [ManagedWorker] = []
    /// Everything it waits for: the front, and the channel and sentinel of each worker.
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

    /// Runs the pool manager process.
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
            // The front has closed its end or died: the same as a request to end.
        } catch {
            endWorkers(byKilling: true)
            PoolManager.leave(after: error, telling: front)
        }
        endWorkers(byKilling: !(frontHasClosed && isIdle))
        Fork.leave(EXIT_SUCCESS)
    }

    /// Reports to the front, if possible, what the kernel refused.
    static func leave(after error: any Error, telling front: FrameChannel) -> Never {
        var frame = PoolFrame(.poolManagerFailed)
        let errno = (error as? MultiprocessingError)?.errno ?? error as? Errno
        frame.status = errno?.rawValue ?? 0
        var text = (error as? MultiprocessingError)?.text ?? (error is Errno ? "a channel failed" : "\(error)")
        text.withUTF8 { front.enqueue(frame, UnsafeRawBufferPointer($0)) }
        try? front.flush()
        Fork.leave(EXIT_FAILURE)
    }

    private var isIdle: Bool {
        backlog.isEmpty && workers.allSatisfy { ($0?.heldCount ?? 0) == 0 }
    }

    // MARK: Tasks to workers

    /// More than one at a time only if tasks are short: a task that waits behind a long one could run elsewhere.
    private var tasksInFlight: Int {
        1 + min(PoolManager.maximumInFlight - 1, Int(pace.aheadNanoseconds / max(meanNanoseconds, 1)))
    }

    /// Whether the next task may go to a worker, even though many bytes wait for the front or for an earlier task.
    ///
    /// It may if its answer would not have to wait, or if no other answers are expected. So a task for which others
    /// wait goes to a worker sooner or later, whatever is before it here.
    ///
    /// - Parameter heldCount: how many tasks workers hold; their answers are assumed to be as large as those that wait.
    private func mayHandOut(beside heldCount: Int) -> Bool {
        lanes.heldBytes + heldCount * lanes.meanBytes + front.unsentBytes <= PoolManager.maximumUnsentBytes
            || backlog.next.map(lanes.isNext) != false || workers.allSatisfy { ($0?.heldCount ?? 0) == 0 }
    }

    /// Chooses batching over latency if each worker has tasks waiting besides those that it holds.
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
        // Workers that hold fewer tasks are served first, so that none is idle while others hold several.
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

    /// Tasks are short on average, but this worker's current one is not: others would wait behind it.
    private func isStuck(_ worker: ManagedWorker, _ now: UInt64) -> Bool {
        worker.heldCount > 0 && now - worker.lastSign > pace.aheadNanoseconds
    }

    /// Lists a worker that may have unsent frames.
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
                // A worker that no longer reads its tasks has died; its sentinel will report that.
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

    /// Whether results for the front wait for more, so that the front wakes once for many.
    ///
    /// Not if a worker has no next task: the front may submit one when it gets results.
    private var resultsMayWait: Bool {
        backlog.unitCount >= workers.count && front.unsentBytes < PoolManager.bytesPerMessage
            && (tellFrontAt == .max || tellFrontAt > monotonicNanoseconds())
    }

    // MARK: Waiting

    /// Take no more results until the front has read.
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
        // 0 if the kernel has not accepted all of it.
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

    /// Watches a worker's channel for what is currently needed.
    private func watch(_ worker: ManagedWorker) throws(MultiprocessingError) {
        // A channel at its end would always be ready.
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
            // This was not written by the library's code. The worker's tasks go to others once it is dead.
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
            // A result in a dead worker's outbox may also have arrived over the channel.
            guard let task = worker.nextToAnswer, task.task == frame.task else { return }
            worker.dropFirst(task)
            meanNanoseconds = (meanNanoseconds * 7 + min(frame.durationNanoseconds, 1 << 50)) / 8
            pass(task, bytes)
        default:
            fail(with: bytes)
        }
    }

    /// Sends the only answer to a task, when it is its turn.
    func pass(_ task: PoolFrame, _ answer: UnsafeRawBufferPointer) {
        lanes.pass(task, answer, while: { !isFrontSlow }) { front.enqueue(frames: $0) }
        noteUnsent()
    }

    /// Sends on waiting answers, as far as the front has read.
    private func passOn() {
        lanes.passOn(while: { !isFrontSlow }) { front.enqueue(frames: $0) }
        noteUnsent()
    }

    private func noteUnsent() {
        if tellFrontAt == .max && front.unsentBytes > 0 {
            tellFrontAt = monotonicNanoseconds() + pace.messageNanoseconds
        }
    }

    /// The first failure becomes the pool's; the same failures of other workers are not reported.
    func fail(with frame: UnsafeRawBufferPointer) {
        guard !hasFailed else { return }
        hasFailed = true
        front.enqueue(frames: frame)
        tellFrontNow()
    }

    /// Makes results for the front wait no longer.
    func tellFrontNow() {
        tellFrontAt = 0
    }

    /// Sends the remaining results while the front still reads.
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
