import CMultiprocessing
import Glibc
import SystemPackage

/// How workers are made and die, and what happens to the tasks that they leave.
extension PoolManager {
    /// How many workers in a row may die before their initializer is done; then the pool has failed.
    private static let maximumStillbirths = 3

    func replaceMissingWorkers() throws(MultiprocessingError) {
        guard isWorkerMissing else { return }
        isWorkerMissing = false
        for position in workers.indices where workers[position] == nil && !hasFailed {
            guard isAnotherWorkerNeeded else {
                isWorkerMissing = true
                return
            }
            workers[position] = try startWorker(at: position)
        }
    }

    /// Whether there are more waiting tasks than idle workers, or workers are made before there are tasks.
    private var isAnotherWorkerNeeded: Bool {
        !plan.settings.startsAsNeeded
            || backlog.unitCount > workers.count { $0.map { $0.heldCount == 0 } ?? false }
    }

    private func startWorker(at position: Int) throws(MultiprocessingError) -> ManagedWorker {
        let (mine, its) = try makeSocketPair()
        let channel = FrameChannel(owning: mine, blocking: false)
        let (claims, outbox) = (board.claims(position), board.outbox(position))
        claims.reset()
        outbox.reset()
        outbox.allowWaiting(nanoseconds: pace.outboxNanoseconds)
        let process: ProcessHandle
        let identity = ProcessIdentity.current.helper(named: "pool-worker-\(position)")
        do {
            process = try Fork.child(deathSignal: SIGKILL) {
                ProcessIdentity.become(identity)
                let channel = FrameChannel(owning: its, blocking: true)
                PoolWorker(program, plan.settings, channel, claims, outbox).serve(at: position)
            }
        } catch {
            _ = close(its)
            throw error
        }
        _ = close(its)
        let worker = ManagedWorker(at: position, process: process, channel: channel, claims: claims, outbox: outbox)
        try beginWatching(worker)
        Log.debug("started \(identity.name) as process \(worker.process.pid)")
        return worker
    }

    /// Removes a worker that has ended from the pool: first takes its last results, then the tasks that it leaves.
    func bury(workerAt position: Int) throws(MultiprocessingError) {
        guard let worker = workers[position] else { return }
        endWatching(worker)
        isWorkerMissing = true
        worker.channel.drain()
        receive(from: worker)
        worker.channel.dropPartialFrame()
        worker.outbox.fetchRemains(into: worker.channel)
        receive(from: worker)
        let status = try worker.process.wait(until: Deadline(after: nil))
        workers[position] = nil
        if let status {
            Log.debug("pool-worker-\(position), process \(worker.process.pid), \(status)")
        }
        if !worker.isReady {
            noteStillbirth(of: worker.process.pid, status)
        }
        let culprit = worker.claims.running(from: worker.firstHeld)?.sequence
        var innocent: [UInt8] = []
        var guilty: PoolFrame?
        var again: [UInt8] = []
        worker.forEachHeld { sequence, frame, bytes in
            if frame.task == worker.sentence?.task {
                answer(frame, worker.sentence?.verdict ?? .cancelled, worker.process.pid, status)
            } else if sequence == culprit && (worker.sentence == nil || status != .signaled(SIGKILL)) {
                guilty = frame
                again = Array(bytes)
            } else {
                innocent += bytes
            }
            return true
        }
        backlog.putBack(innocent)
        if let guilty {
            retry(guilty, again, afterDeathOf: worker.process.pid, status)
        }
    }

    private func noteStillbirth(of pid: Int32, _ status: ExitStatus?) {
        stillbirths += 1
        guard stillbirths >= PoolManager.maximumStillbirths else { return }
        var frame = PoolFrame(.initializerFailed)
        frame.worker = pid
        frame.exitStatus = status
        withUnsafeBytes(of: frame) { fail(with: $0) }
    }

    private func retry(_ frame: PoolFrame, _ bytes: [UInt8], afterDeathOf pid: Int32, _ status: ExitStatus?) {
        guard frame.attempts < frame.attemptLimit else {
            return answer(frame, .workerDied, pid, status)
        }
        Log.warning("task \(frame.task) is run again: its worker, process \(pid), \(status?.description ?? "ended")")
        var (frame, bytes) = (frame, bytes)
        frame.attempts += 1
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: frame, as: PoolFrame.self) }
        backlog.putBack(bytes)
    }

    /// Reports to the front how a task ended that has no result.
    func answer(_ task: PoolFrame, _ kind: PoolFrame.Kind, _ pid: Int32, _ status: ExitStatus? = nil) {
        var frame = task
        frame.kind = kind
        frame.payloadBytes = 0
        frame.worker = pid
        frame.exitStatus = status
        withUnsafeBytes(of: frame) { pass(task, $0) }
    }

    func endWorkers(byKilling isKilling: Bool) {
        // Do not wait long for workers that cannot be sent a signal: the kernel kills them when this process ends.
        var deadline = Deadline(after: nil)
        for case let worker? in workers {
            if isKilling {
                guard !worker.process.send(signal: SIGKILL) else { continue }
                deadline = Deadline(after: .milliseconds(500))
            }
            // It exits by itself, and flushes its streams' buffers.
            worker.channel.endSending()
        }
        for case let worker? in workers {
            _ = try? worker.process.wait(until: deadline)
        }
    }
}
