import Glibc
import SystemPackage

/// What the pool manager does while a worker runs a task: takes back later tasks, and ends tasks that must end.
extension PoolManager {
    // MARK: When to check

    /// Schedules a check of a worker that has just been given tasks, or has given a result.
    func scheduleLook(at worker: ManagedWorker, _ now: UInt64) {
        worker.lookAt = worker.heldCount > 1 ? now + pace.reliefNanoseconds : .max
        if let task = worker.nextToAnswer, task.limitNanoseconds > 0 {
            // It may have begun already, but hardly earlier than now; the check then finds the exact time.
            worker.lookAt = min(worker.lookAt, now &+ task.limitNanoseconds)
        }
        nextLook = min(nextLook, worker.lookAt)
    }

    /// Schedules the checks that were omitted while the front read too little for results to be fetched.
    func scheduleLooks() {
        let now = monotonicNanoseconds()
        for case let worker? in workers {
            scheduleLook(at: worker, now)
        }
    }

    /// Checks the workers whose check is due.
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
        // The task that it runs, or would begin next, stays with it, so that there is progress even if all are slow.
        let current = running?.sequence ?? worker.claims.begun
        // While it sends a result it is not to blame; the result will count as progress.
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

    // MARK: Taking back

    /// Takes from a worker the results that it has finished and the tasks that others can run: all except this task's
    /// unit.
    ///
    /// - Parameter isAtIt: whether the worker has been running the task for long, and is not just about to begin it.
    private func relieve(_ worker: ManagedWorker, ofAllBut current: UInt32, isAtIt: Bool) {
        if worker.heldUnits > 1 {
            backlog.putBack(worker.takeBack(from: worker.endOfUnit(of: current)))
        }
        guard !isFrontSlow else { return }
        let (lookAt, lastSign) = (worker.lookAt, worker.lastSign)
        worker.outbox.fetch(into: worker.channel)
        receive(from: worker)
        if isAtIt, worker.claims.running(from: worker.firstHeld)?.sequence == current {
            // Having finished earlier tasks does not count as new progress; when it finishes this one, it will send the
            // result.
            (worker.lookAt, worker.lastSign) = (lookAt, lastSign)
        } else {
            // It continues, and may send nothing for a while: there may be results waiting before the next long task.
            scheduleLook(at: worker, monotonicNanoseconds())
        }
    }

    // MARK: Ending

    /// Ends tasks, wherever they are.
    ///
    /// Tasks that have a result keep it.
    func cancel(_ tasks: TaskRanges) {
        withdraw(tasks)
        // Of these, workers now hold only tasks that have begun: finished ones, and the one that is running.
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

    // MARK: Reporting

    /// Reports to the front at once what each worker does.
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

    /// Kills the worker that runs a task, unless it has finished it.
    ///
    /// The task's outcome is reported when the worker is dead.
    private func end(_ sequence: UInt32, of worker: ManagedWorker, _ verdict: PoolFrame.Kind) {
        // First, so that it cannot begin another task, which would be killed for nothing.
        backlog.putBack(worker.takeBack(from: sequence &+ 1))
        guard let running = worker.claims.running(from: worker.firstHeld), running.sequence == sequence,
            verdict == .cancelled || running.started != .max, let task = worker.frame(of: sequence)?.task
        else {
            return scheduleLook(at: worker, monotonicNanoseconds())
        }
        worker.sentence = ManagedWorker.Sentence(task: task, verdict: verdict)
        worker.lookAt = .max
        if !worker.process.send(signal: SIGKILL) {
            // The task might run forever, and its waiters would wait forever.
            refusal = refusal ?? MultiprocessingError.systemCall("kill", Errno(rawValue: errno))
        }
    }
}
