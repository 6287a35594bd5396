import CMultiprocessing
import Glibc
import Synchronization
import SystemPackage

/// The manager process of a pool: hands tasks to workers, passes results back, replaces workers that die.
///
///     front ──tasks──> manager ──tasks──> worker 0 … worker N-1
///     front <─results─ manager <─results─ worker
///
/// It has one thread from birth and is the only process that forks workers, so it may do so at any moment. It never
/// blocks but in one `poll` of everything: front, workers, and the sentinel of each worker. A worker that is slow to
/// read keeps its bytes in that worker's buffer here; a front that is slow to read stops the manager from reading more
/// results (`maximumUnsentBytes`), and so the workers from producing them. Nobody waits in a circle: workers wait for
/// the manager, the manager for no one.
///
/// A worker dies with at most one task begun, which `WorkerBoard` names. That one is tried again, `maximumAttempts`
/// times in all; what the worker held besides goes to others, without blame. When the front closes its end or dies, the
/// manager ends the workers, reaps them and leaves; and if it is killed itself, the kernel kills the workers.
final class PoolManager {
    static let maximumAttempts: Int32 = 3
    /// This many workers in a row may die before their initializer is done; then the pool has failed.
    private static let maximumStillbirths = 3
    /// While so much waits for the front to read, no more results are taken from workers.
    private static let maximumUnsentBytes = 16 << 20
    /// How much work a worker should hold: enough to last while a message goes to the manager and back.
    private static let wantedBacklogNanoseconds: UInt64 = 500_000
    private static let maximumInFlight = 64

    private struct Task {
        var frame: PoolFrame
        let payload: [UInt8]
    }

    private final class Worker {
        var process: ChildProcess
        let channel: FrameChannel
        var isReady = false
        /// In the order in which they were sent, which is that of the results.
        var inFlight: [Task] = []
        var received = 0
        /// When it last gave a sign: took its first task, or sent a result.
        var lastSign: UInt64 = 0

        init(process: consuming ChildProcess, channel: FrameChannel) {
            self.process = process
            self.channel = channel
        }
    }

    private let front: FrameChannel
    private let program: WorkerProgram
    private let maxTasksPerWorker: Int
    private let board: WorkerBoard
    private var workers: [Worker?]
    private var queue = TaskQueue<Task>()
    private var frontHasClosed = false
    /// The initializer does not work: no more workers are made, and the front is to close the pool.
    private var hasFailed = false
    private var stillbirths = 0
    /// A moving mean of what a task takes; it starts high, so that the first tasks are handed out one by one.
    private var meanNanoseconds: UInt64 = 10_000_000

    init(
        front: FrameChannel, workerCount: Int, maxTasksPerWorker: Int?, program: WorkerProgram
    ) throws(MultiprocessingError) {
        self.front = front
        self.program = program
        self.maxTasksPerWorker = maxTasksPerWorker ?? Int.max
        self.board = try WorkerBoard(workers: workerCount)
        self.workers = Array(repeating: nil, count: workerCount)
    }

    /// The process's whole life.
    func run() -> Never {
        do {
            while !front.isAtEnd && !(frontHasClosed && isIdle) {
                try replaceMissingWorkers()
                dispatch()
                try flushAll()
                try waitAndReceive()
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
        var text = "\(error)"
        text.withUTF8 { front.enqueue(PoolFrame(.managerFailed), UnsafeRawBufferPointer($0)) }
        try? front.flush()
        Fork.leave(EXIT_FAILURE)
    }

    private var isIdle: Bool {
        queue.isEmpty && workers.allSatisfy { $0?.inFlight.isEmpty ?? true }
    }

    // MARK: Tasks to workers

    /// More than one at a time only where tasks are short: a task that waits behind a long one could run elsewhere.
    private var tasksInFlight: Int {
        1 + min(PoolManager.maximumInFlight - 1, Int(PoolManager.wantedBacklogNanoseconds / max(meanNanoseconds, 1)))
    }

    private func dispatch() {
        let limit = tasksInFlight
        let now = monotonicNanoseconds()
        var isAnyoneFree = true
        while isAnyoneFree && !queue.isEmpty {
            isAnyoneFree = false
            for case let worker? in workers where worker.isReady && worker.inFlight.count < limit {
                // Tasks are short in the mean, but the one that this worker is at is not: others would wait behind it.
                let isStuck = !worker.inFlight.isEmpty && now - worker.lastSign > PoolManager.wantedBacklogNanoseconds
                guard !isStuck, worker.received < maxTasksPerWorker, let task = queue.next() else { continue }
                if worker.inFlight.isEmpty {
                    worker.lastSign = now
                }
                task.payload.withUnsafeBytes { worker.channel.enqueue(task.frame, $0) }
                worker.inFlight.append(task)
                worker.received += 1
                isAnyoneFree = true
            }
        }
    }

    private func flushAll() throws(Errno) {
        for case let worker? in workers {
            // A worker that does not take its tasks any more has died; its sentinel says so.
            try? worker.channel.flush()
        }
        try front.flush()
    }

    // MARK: Waiting

    private func waitAndReceive() throws {
        var entries = [pollfd(fd: front.number, events: Int16(POLLIN), revents: 0)]
        if front.unsentBytes > 0 {
            entries[0].events |= Int16(POLLOUT)
        }
        let isFrontSlow = front.unsentBytes > PoolManager.maximumUnsentBytes
        let positions = workers.indices.filter { workers[$0] != nil }
        for position in positions {
            guard let worker = workers[position] else { continue }
            let wantsInput = !isFrontSlow && !worker.channel.isAtEnd
            var events = wantsInput ? Int16(POLLIN) : 0
            if worker.channel.unsentBytes > 0 {
                events |= Int16(POLLOUT)
            }
            // A negative number is passed over: a channel at its end would be "ready" for ever.
            entries.append(pollfd(fd: worker.channel.isAtEnd ? -1 : worker.channel.number, events: events, revents: 0))
            entries.append(pollfd(fd: worker.process.sentinel, events: Int16(POLLIN), revents: 0))
        }
        try poll(&entries, until: Deadline(after: nil))

        if entries[0].revents != 0 {
            try front.fill()
            receiveFromFront()
        }
        for (index, position) in positions.enumerated() {
            if entries[1 + 2 * index].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, !isFrontSlow {
                try workers[position]?.channel.fill()
                receive(fromWorkerAt: position)
            }
            if entries[2 + 2 * index].revents != 0 {
                try bury(workerAt: position)
            }
        }
    }

    private func receiveFromFront() {
        var isMore = true
        while isMore {
            isMore =
                front.takeFrame { frame, payload in
                    switch frame.kind {
                    case .task: queue.append(Task(frame: frame, payload: Array(payload)))
                    default: frontHasClosed = true
                    }
                } != nil
        }
    }

    // MARK: Results from workers

    private func receive(fromWorkerAt position: Int) {
        guard let worker = workers[position] else { return }
        var isMore = true
        while isMore {
            isMore =
                worker.channel.takeFrame { frame, payload in
                    receive(frame, payload, from: worker)
                } != nil
        }
        if worker.received >= maxTasksPerWorker && worker.inFlight.isEmpty {
            worker.channel.endSending()
        }
    }

    private func receive(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, from worker: Worker) {
        switch frame.kind {
        case .ready:
            worker.isReady = true
            stillbirths = 0
        case .result, .failure:
            worker.inFlight.removeFirst()
            worker.lastSign = monotonicNanoseconds()
            meanNanoseconds = (meanNanoseconds * 7 + frame.durationNanoseconds) / 8
            front.enqueue(frame, payload)
        default:
            fail(with: frame, payload)
        }
    }

    /// The first failure is the pool's; the other workers', which fail alike, are not told.
    private func fail(with frame: PoolFrame, _ text: UnsafeRawBufferPointer) {
        guard !hasFailed else { return }
        hasFailed = true
        front.enqueue(frame, text)
    }

    // MARK: Birth and death

    private func replaceMissingWorkers() throws(MultiprocessingError) {
        for position in workers.indices where workers[position] == nil && !hasFailed {
            workers[position] = try startWorker(at: position)
        }
    }

    private func startWorker(at position: Int) throws(MultiprocessingError) -> Worker {
        let (mine, its) = try makeSocketPair()
        let channel = FrameChannel(owning: mine, blocking: false)
        let entry = board.entry(position)
        entry.pointee.store(0, ordering: .releasing)
        let process: ChildProcess
        do {
            process = try Fork.child(deathSignal: SIGKILL) {
                _ = mp_set_process_name("pool-worker-\(position)")
                PoolWorker.serve(program, over: FrameChannel(owning: its, blocking: true), running: entry)
            }
        } catch {
            _ = close(its)
            throw error
        }
        _ = close(its)
        return Worker(process: process, channel: channel)
    }

    /// Takes a worker that has ended out of the pool: first its last results, then the tasks that it leaves behind.
    private func bury(workerAt position: Int) throws(MultiprocessingError) {
        guard let worker = workers[position] else { return }
        worker.channel.drain()
        receive(fromWorkerAt: position)
        let status = try worker.process.wait(until: Deadline(after: nil))
        let culprit = board.entry(position).pointee.load(ordering: .acquiring)
        workers[position] = nil
        if !worker.isReady {
            stillbirths += 1
            if stillbirths >= PoolManager.maximumStillbirths {
                var frame = PoolFrame(.initializerFailed)
                frame.worker = worker.process.pid
                frame.exitStatus = status
                fail(with: frame, UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
        for task in worker.inFlight.reversed() {
            if task.frame.task == culprit {
                retry(task, afterDeathOf: worker.process.pid, status)
            } else {
                queue.putBack(task)
            }
        }
    }

    private func retry(_ task: Task, afterDeathOf pid: Int32, _ status: ExitStatus?) {
        var task = task
        if task.frame.attempts < PoolManager.maximumAttempts {
            task.frame.attempts += 1
            queue.putBack(task)
            return
        }
        var frame = task.frame
        frame.kind = .workerDied
        frame.payloadBytes = 0
        frame.worker = pid
        frame.exitStatus = status
        front.enqueue(frame)
    }

    /// Sends what is left while the front still reads.
    private func drainToFront() throws {
        while front.unsentBytes > 0 && !front.isAtEnd {
            try front.flush()
            var entries = [pollfd(fd: front.number, events: Int16(POLLIN | POLLOUT), revents: 0)]
            try poll(&entries, until: Deadline(after: nil))
            if entries[0].revents & Int16(POLLIN | POLLHUP) != 0 {
                try front.fill()
            }
        }
    }

    private func endWorkers(byKilling isKilling: Bool) {
        for case let worker? in workers {
            if isKilling {
                worker.process.send(signal: SIGKILL)
            } else {
                // It leaves by itself, and writes out what is in its streams' buffers.
                worker.channel.endSending()
            }
        }
        for case let worker? in workers {
            _ = try? worker.process.wait(until: Deadline(after: nil))
        }
    }
}
