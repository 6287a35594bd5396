import Glibc
import SystemPackage

/// What the pool manager does while a worker is at a task: relieves it of those behind, and ends what must end.
extension PoolManager {
    // MARK: When to look

    /// Notes when to look at a worker that has just been given tasks, or given a result.
    func scheduleLook(at worker: ManagedWorker, _ now: UInt64) {
        worker.lookAt = worker.heldCount > 1 ? now + pace.reliefNanoseconds : .max
        if let task = worker.nextToAnswer, task.limitNanoseconds > 0 {
            // It may have begun, but hardly earlier than now; a look then tells exactly.
            worker.lookAt = min(worker.lookAt, now &+ task.limitNanoseconds)
        }
        nextLook = min(nextLook, worker.lookAt)
    }

    /// Makes up for the looks of the time in which the front read too little for results to be fetched.
    func scheduleLooks() {
        let now = monotonicNanoseconds()
        for case let worker? in workers {
            scheduleLook(at: worker, now)
        }
    }

    /// Looks at those workers for which it is time.
    func lookAtWorkers() {
        guard nextLook != .max else { return }
        let now = monotonicNanoseconds()
        guard nextLook <= now else { return }
        for case let worker? in workers where worker.lookAt <= now {
            look(at: worker, now)
        }
        nextLook = .max
        for case let worker? in workers {
            nextLook = min(nextLook, worker.lookAt)
        }
    }

    private func look(at worker: ManagedWorker, _ now: UInt64) {
        let running = worker.claims.running(from: worker.firstHeld)
        // What it is at, or would begin next, stays with it: so that there is progress where all are slow.
        let current = running?.sequence ?? worker.claims.begun
        // While it sends a result nothing is its fault; the result will be a sign.
        guard running?.started != .max else {
            worker.lookAt = .max
            return
        }
        worker.lookAt = .max
        if let limit = worker.frame(of: current)?.limitNanoseconds, limit > 0 {
            worker.lookAt = (running?.started ?? now) &+ limit
            if worker.lookAt <= now {
                return end(current, of: worker, .taskTimedOut)
            }
        }
        guard worker.heldCount > 1 else { return }
        let due = (running?.started ?? worker.lastSign) + pace.reliefNanoseconds
        if due <= now {
            relieve(worker, ofAllBut: current, isAtIt: running != nil)
        } else {
            worker.lookAt = min(worker.lookAt, due)
        }
    }

    // MARK: Relieving

    /// Takes from a worker what it has finished and what others can begin: all but the unit that this task is in.
    ///
    /// - Parameter isAtIt: whether the worker has been at the task for long, and is not about to begin it.
    private func relieve(_ worker: ManagedWorker, ofAllBut current: UInt32, isAtIt: Bool) {
        if worker.heldUnits > 1 {
            backlog.putBack(worker.takeBack(from: worker.endOfUnit(of: current)))
        }
        guard !isFrontSlow else { return }
        let (lookAt, lastSign) = (worker.lookAt, worker.lastSign)
        worker.outbox.fetch(into: worker.channel)
        receive(from: worker)
        if isAtIt, worker.claims.running(from: worker.firstHeld)?.sequence == current {
            // That it finished tasks before this one is no sign of anything new; when it finishes this one, it will
            // send the result.
            (worker.lookAt, worker.lastSign) = (lookAt, lastSign)
        } else {
            // It goes on, and may send nothing for a while: the next long task can have results in front of it.
            scheduleLook(at: worker, monotonicNanoseconds())
        }
    }

    // MARK: Ending

    /// Ends tasks, wherever they are.
    ///
    /// Those that have a result keep it.
    func cancel(_ tasks: TaskRanges) {
        withdraw(tasks)
        // What workers still hold of them has begun, and is done but for what they are at.
        for case let worker? in workers where worker.sentence == nil {
            if let running = worker.claims.running(from: worker.firstHeld),
                let frame = worker.frame(of: running.sequence), tasks.contains(frame.task)
            {
                end(running.sequence, of: worker, .cancelled)
            }
        }
    }

    /// Ends tasks that no worker has begun.
    func withdraw(_ tasks: TaskRanges) {
        for case let worker? in workers {
            var first: UInt32?
            worker.forEachHeld { sequence, frame, _ in
                first = tasks.contains(frame.task) ? sequence : nil
                return first == nil
            }
            if let first {
                backlog.putBack(worker.takeBack(from: first))
            }
        }
        backlog.remove(tasks) { answer($0, .cancelled, 0) }
    }

    // MARK: Telling

    /// Tells the front at once what each worker does.
    func tellWhatWorkersDo() {
        let doings = workers.compactMap { worker in
            worker.map { worker in
                let running = worker.claims.running(from: worker.firstHeld)
                let task = running.flatMap { worker.frame(of: $0.sequence)?.task }
                return PoolStatus.Worker(pid: worker.process.pid, number: task ?? 0)
            }
        }
        doings.withUnsafeBytes { front.enqueue(PoolFrame(.inspection), $0) }
        tellFrontNow()
    }

    /// Kills the worker that runs a task, unless it is done with it.
    ///
    /// What becomes of the task is told when the worker is dead.
    private func end(_ sequence: UInt32, of worker: ManagedWorker, _ verdict: PoolFrame.Kind) {
        // First of all, so that it cannot begin another one, which would be killed for nothing.
        backlog.putBack(worker.takeBack(from: sequence &+ 1))
        guard let running = worker.claims.running(from: worker.firstHeld), running.sequence == sequence,
            verdict == .cancelled || running.started != .max, let task = worker.frame(of: sequence)?.task
        else {
            return scheduleLook(at: worker, monotonicNanoseconds())
        }
        worker.sentence = ManagedWorker.Sentence(task: task, verdict: verdict)
        worker.lookAt = .max
        if !worker.process.send(signal: SIGKILL) {
            // It may go on for ever, and who waits for the task would too.
            refusal = refusal ?? MultiprocessingError.systemCall("kill", Errno(rawValue: errno))
        }
    }
}
