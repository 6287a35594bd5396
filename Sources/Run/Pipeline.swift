import Glibc
import Ground
import Multiprocessing
import RunReport
import SystemPackage

/// Runs jobs through a workforce as one stream of pieces, and puts each job's results back in order.
///
///     plans ──> job.next ──> the job's line ──> workforce ──> the job's line ──> job.accept ──> … ──> job.finish
///                        (handed out in order)        (done in any order)     (accepted in order)
///
/// Pieces are handed out in input order. When a file has no more pieces, or has to wait, the next file's pieces follow,
/// so no worker is idle while work is left. An entry stays in its job's line from the moment its piece is handed out
/// until it is accepted, and a job is finished when its own line is empty, whatever the other jobs do. Only writes to
/// standard output and reports keep the order of the inputs.
///
/// It cannot deadlock. A task needs a slot, or a place among `entryLimit`, and returns it once its result has been
/// accepted. Acceptance waits for earlier pieces of the same job and, for standard output, for earlier jobs. A job that
/// writes to standard output hands out pieces only after the job before it has handed out its own, and, when other
/// inputs go to files, only once it may write. Inputs are opened in order, because a program that feeds them through
/// pipes may feed them one after the other; an input behind a bundle of names waits until the bundle has said which of
/// its names must be opened here. Names that one bundle leaves over form another bundle, which holds the notes that
/// later bundles wait for and is started however many bundles there are. So whatever a task waits for already holds
/// everything it needs.
///
/// A job that fails drops its own later pieces and no others. The error of its earliest piece is the one reported.
package final class Pipeline {
    private let workforce: Workforce
    private let observer: RunObserver
    private var order: JobOrder
    /// Jobs that have more pieces to hand out; jobs after the first get a turn only while it waits.
    private var open: [RunningJob] = []
    private var byTask: [UInt64: Entry] = [:]
    private var entryCount = 0
    /// Jobs that hold descriptors, including those that have handed out everything and are not finished.
    private var openCount = 0
    private var awaitedInputs: [FileDescriptor] = []
    /// There is work to hand out, and no process may take it yet.
    private var lacksHands = false
    /// An entry is ready that waits only for those before it.
    private var isToBeSettled = false
    /// Jobs whose next entry the front must do itself, once it is allowed to be busy.
    private var waitingForHands: [RunningJob] = []

    /// How many jobs hand out pieces at once.
    private static let mostOpen = 8

    package init(_ workforce: Workforce, _ plans: some PlanSource, observer: RunObserver = RunObserver()) {
        self.workforce = workforce
        order = JobOrder(plans)
        self.observer = observer
    }

    /// Runs all jobs; returns when each has been reported.
    package func run() {
        do throws(PoolmapError) {
            while true {
                // Accept results first: that makes room for what is handed out.
                observer.recorder?.begin(.takingResults)
                try acceptResults()
                observer.recorder?.begin(.handingOut)
                try handOut()
                observer.onTick()
                if isToBeSettled || workforce.hasFinished { continue }
                if order.isAtEnd && order.first == nil { break }
                observer.recorder?.begin(reasonToWait)
                try workforce.wait(orFor: awaitedInputs, lacksHands: lacksHands, timeout: observer.tick)
            }
            assert(workforce.hasEverySlot, "a slot was not given back")
        } catch {
            // The workforce itself failed: no work in progress can be finished.
            abandonAll(error)
        }
        workforce.dismiss()
    }

    private var reasonToWait: FrontTime.Activity {
        if lacksHands { return .waitingForTokens }
        if !awaitedInputs.isEmpty { return .waitingForInput }
        return order.isAtEnd && open.isEmpty && !order.hasUnbegun ? .waitingForResults : .waitingForRoom
    }

    // MARK: Handing out

    private func handOut() throws(PoolmapError) {
        awaitedInputs = []
        lacksHands = false
        while entryCount < workforce.entryLimit {
            guard workforce.hasHands else {
                lacksHands = !(order.isAtEnd && open.isEmpty)
                break
            }
            guard try handOutNext() else { break }
        }
        try workforce.sendFiles()
    }

    /// Hands out one piece of the first job that has one; returns false if all have to wait.
    private func handOutNext() throws(PoolmapError) -> Bool {
        awaitedInputs = []
        for running in open where mayHandOut(running) {
            if try handOutPiece(of: running) { return true }
        }
        if let running = order.nextBundle() {
            begin(running)
            return true
        }
        // Files behind one slow stream need not wait for it; behind two, nothing more is opened.
        let mayOpen = open.count < Pipeline.mostOpen && open.count(where: { $0.plan.isStream }) < 2
        guard mayOpen, openCount < workforce.openLimit else { return false }
        switch order.next() {
        case .job(let running): begin(running)
        case .postponed: break
        case .waitForInput(let descriptor):
            awaitedInputs.append(descriptor)
            return false
        case .nothing: return false
        }
        return true
    }

    /// A job for standard output holds slots until it may write, so no job before it may still need one.
    private func mayHandOut(_ running: RunningJob) -> Bool {
        mayWrite(running) || (order.hasOnlyStreams && open.first === running)
    }

    private func begin(_ running: RunningJob) {
        do throws(PoolmapError) {
            let job = try running.plan.open(running.hands)
            running.job = job
            openCount += job.isOpen ? 1 : 0
            open.append(running)
        } catch {
            running.error = error
            endHandingOut(running)
        }
    }

    /// False if the job has to wait.
    private func handOutPiece(of running: RunningJob) throws(PoolmapError) -> Bool {
        guard let job = running.job, running.error == nil else {
            endHandingOut(running)
            return true
        }
        let step: Step
        do throws(PoolmapError) {
            step = try job.next(workforce)
        } catch {
            append(.failure(error), to: running)
            endHandingOut(running)
            return true
        }
        switch step {
        case .work(let task, let pieces, let slot, let isLast, let mayBeDoneHere):
            let entry = append(.work(task, pieces, slot: slot), to: running)
            let isOnlyOne = isLast && entryCount == 1 && open.count == 1 && !order.hasUnbegun
            byTask[
                try workforce.submit(
                    task, lane: job.isOpen && !job.looksAhead ? running.lane : nil, isOnlyOne: isOnlyOne,
                    mayBeDoneHere: mayBeDoneHere)] =
                entry
        case .local(let piece, let action):
            append(.local(piece, action), to: running)
        case .waitForInput(let descriptor):
            awaitedInputs.append(descriptor)
            return false
        case .waitForTurn:
            return false
        case .end:
            endHandingOut(running)
        }
        return true
    }

    @discardableResult
    private func append(_ kind: Entry.Kind, to running: RunningJob) -> Entry {
        let entry = Entry(running, kind)
        entry.handedOutNanoseconds = observer.recorder == nil ? 0 : monotonicNanoseconds()
        running.line.append(entry)
        entryCount += 1
        isToBeSettled = isToBeSettled || entry.isReady
        return entry
    }

    private func endHandingOut(_ running: RunningJob) {
        running.isHandedOut = true
        open.removeAll { $0 === running }
        settle(running)
        reportInOrder()
    }

    // MARK: Accepting

    private func acceptResults() throws(PoolmapError) {
        isToBeSettled = false
        for completion in try workforce.collect() {
            guard let entry = byTask.removeValue(forKey: completion.task) else { continue }
            entry.completion = completion
            look(at: entry)
            settle(entry.job)
        }
        // Entries that the front does itself have no completion to trigger them.
        let waiting = open + waitingForHands
        waitingForHands = []
        for running in waiting {
            settle(running)
        }
        reportInOrder()
    }

    private func look(at entry: Entry) {
        guard let job = entry.job.job, job.looksAhead, entry.job.error == nil, case .work(_, _, let slot) = entry.kind,
            let result = entry.completion?.result
        else { return }
        do throws(PoolmapError) {
            try job.look(at: result, slot: slot, workforce)
        } catch {
            fail(entry.job, error)
        }
    }

    /// Keeps the first error only.
    private func fail(_ running: RunningJob, _ error: PoolmapError) {
        guard running.error == nil else { return }
        running.error = error
        running.job?.cancel()
    }

    /// Accepts what is ready at the head of a job's line, and finishes the job when the line is empty.
    private func settle(_ running: RunningJob) {
        guard mayWrite(running) else { return }
        if running.job?.acceptsInAnyOrder == true {
            running.line.moveToFront { $0.isReady }
        }
        while let entry = running.line.first, entry.isReady {
            if case .local = entry.kind, !workforce.hasHands {
                lacksHands = true
                waitingForHands.append(running)
                return
            }
            running.line.removeFirst()
            entryCount -= 1
            do throws(PoolmapError) {
                try settle(entry)
            } catch {
                fail(running, error)
            }
        }
        if running.isHandedOut && running.line.isEmpty && running.result == nil {
            finish(running)
        }
    }

    /// Results are written to standard output one input at a time.
    private func mayWrite(_ running: RunningJob) -> Bool {
        !running.plan.isStream || order.first === running
    }

    private func settle(_ entry: Entry) throws(PoolmapError) {
        switch entry.kind {
        case .work(let task, let pieces, let slot):
            defer { if let slot { workforce.releaseSlot(slot) } }
            guard entry.job.error == nil, let completion = entry.completion else { return }
            if pieces.count > 1, case .failure(let error) = completion.result, error.code == .processDied {
                return try acceptOneByOne(task, pieces, slot, entry.job, after: completion)
            }
            entry.job.account +=
                try observer.recorder?.add(
                    pieces, completion, handedOut: entry.handedOutNanoseconds, of: entry.job.plan) ?? []
            try accept(completion.result, of: pieces, slot, entry.job)
        case .local(let piece, let action):
            if entry.job.error == nil {
                try perform(action, piece, entry.job)
            }
        case .failure(let error):
            throw error
        }
    }

    /// One of the pieces killed the workers: runs each by itself, so that the others still succeed.
    private func acceptOneByOne(
        _ task: TaskMessage, _ pieces: [Piece], _ slot: Int?, _ running: RunningJob, after earlier: TaskCompletion
    ) throws(PoolmapError) {
        let hands = SpareHands(workforce, isAnother: true)
        defer { hands.dismiss() }
        for (task, piece) in zip(try task.single(), pieces) {
            let handedOut = monotonicNanoseconds()
            let completion = hands.complete(task, after: earlier)
            running.account +=
                try observer.recorder?.add(
                    [piece], completion, handedOut: handedOut, of: running.plan) ?? []
            try accept(completion.result, of: [piece], slot, running)
        }
    }

    private func perform(
        _ action: () throws(PoolmapError) -> Void, _ piece: Piece?, _ running: RunningJob
    ) throws(PoolmapError) {
        guard let piece, let recorder = observer.recorder else { return try action() }
        let start = monotonicNanoseconds()
        try action()
        running.account += recorder.add(piece, WorkTime(since: start), of: running.plan).map { [$0] } ?? []
    }

    private func accept(
        _ result: Result<TaskAnswer, PoolmapError>, of pieces: [Piece], _ slot: Int?, _ running: RunningJob
    ) throws(PoolmapError) {
        switch result {
        case .failure(let error), .success(.failed(let error)):
            try running.job?.recover(from: error, piece: pieces[0], slot: slot, workforce)
        case .success(.files(let files)):
            switch files.all.first?.outcome {
            case .isForFront: running.isReturned = true
            case .failed(let error): throw error
            default: try running.job?.accept(.files(files), slot: slot, workforce)
            }
        case .success(let answer): try running.job?.accept(answer, slot: slot, workforce)
        }
    }

    private func finish(_ running: RunningJob) {
        if running.isReturned && running.error == nil {
            // Start over, in pieces that the front writes.
            running.isReturned = false
            running.hands = .front
            running.isHandedOut = false
            begin(running)
            return
        }
        do throws(PoolmapError) {
            if running.error == nil, let job = running.job, try job.beginsAgain() {
                running.isHandedOut = false
                open.append(running)
                return
            }
        } catch {
            running.error = error
        }
        if let error = running.error {
            running.job?.abandon(workforce)
            running.result = .failure(error)
        } else {
            do throws(PoolmapError) {
                running.result = .success(try running.job?.finish() ?? JobSummary())
            } catch {
                running.result = .failure(error)
            }
        }
        order.finished(running)
        // Release descriptors and memory now: the report may have to wait for its turn.
        openCount -= running.job?.isOpen == true ? 1 : 0
        running.job = nil
    }

    private func reportInOrder() {
        while let running = order.first, let result = running.result {
            order.removeFirst()
            report(running.plan, result, running.account)
            // The next job may have been waiting for its turn at standard output.
            if let next = order.first {
                settle(next)
            }
        }
    }

    private func report(
        _ plan: PlannedJob, _ result: Result<JobSummary, PoolmapError>, _ account: [ReportedPiece] = []
    ) {
        if plan.isInput {
            observer.recorder?.add(result, of: plan, account)
        }
        plan.report(result)
    }

    /// Reports every unfinished job as failed with an error that is not its own.
    private func abandonAll(_ error: PoolmapError) {
        while let running = order.first {
            running.job?.cancel()
            order.removeFirst()
            report(running.plan, running.result ?? .failure(running.error ?? error), running.account)
        }
        while let plan = order.nextUnplanned() {
            report(plan, .failure(error))
        }
    }
}
