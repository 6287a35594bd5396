import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// Takes jobs through a workforce, all in one stream of pieces, and puts each job's results back in order.
///
///     plans ──> job.next ──> the job's line ──> workforce ──> the job's line ──> job.accept ──> … ──> job.finish
///                        (handed out in order)        (done in any order)     (accepted in order)
///
/// Pieces are handed out in the order of the inputs; those of the next file as soon as the one before has no more, or
/// has to wait, so that nobody is idle while anything is left. An entry stays in its job's line from the moment that
/// its piece is handed out until it is accepted, and a job is finished when its own line is through, whatever the
/// others do. Only two things keep the order of the inputs: what is written to standard output, and the reports.
///
/// It cannot stop for ever: a task needs a slot or a place among `entryLimit`, and gives it back when its result was
/// accepted, which waits for earlier pieces of the same job, and at standard output for earlier jobs. There nothing is
/// handed out before the job before it is, nor, where other inputs go to files, before it may write. Inputs are opened in
/// their order, since whoever feeds one through a pipe may feed them one after the other; an input behind a bundle of
/// names waits until it is known which of them are to be opened here. What a bundle leaves to another one has the notes
/// that bundles behind it wait for, and is begun however many these are. So whoever waits, waits for something that has
/// all that it needs.
///
/// A job that fails takes its own later pieces with it, no others. The error of its earliest piece is the one told.
package final class Pipeline {
    private let workforce: Workforce
    private let observer: RunObserver
    private var plans: any PlanSource
    private var isAtEnd = false
    /// Jobs that have more pieces to hand out; those behind the first only while it waits.
    private var open: [RunningJob] = []
    /// What bundles have left to others, and nobody has begun.
    private var bundles = Line<RunningJob>()
    /// Bundles of which it is not known what they leave to be opened here.
    private var undecided: [RunningJob] = []
    /// Inputs that are behind one of these; the first in the order of the inputs comes last.
    private var waiting: [RunningJob] = []
    /// What was begun and not reported, in the order of the inputs.
    private var unreported = Line<RunningJob>()
    /// All go to standard output, as far as they were begun.
    private var hasOnlyStreams = true
    private var byTask: [UInt64: Entry] = [:]
    private var planCount = 0
    private var lastLane = 0
    private var entryCount = 0
    /// Jobs that have descriptors: also those that have handed out all and are not finished.
    private var openCount = 0
    private var awaitedInputs: [FileDescriptor] = []
    /// There is something to hand out, and nobody who may do it yet.
    private var lacksHands = false
    /// Something stands in a line that waits for nobody but those before it.
    private var isToBeSettled = false
    /// What the front is to do itself, once it may be busy.
    private var waitingForHands: [RunningJob] = []

    /// So many jobs hand out pieces at once.
    private static let mostOpen = 8
    /// While so many reports wait for the one of a slow job, no more is begun.
    private static let mostUnreported = 1 << 16

    package init(_ workforce: Workforce, _ plans: some PlanSource, observer: RunObserver = RunObserver()) {
        self.workforce = workforce
        self.plans = plans
        self.observer = observer
    }

    /// Runs all jobs.
    ///
    /// Returns when each has been reported.
    package func run() {
        do throws(PoolmapError) {
            while true {
                // First what has come, which makes room for what is handed out.
                try acceptResults()
                try handOut()
                observer.onTick()
                if isToBeSettled || workforce.hasFinished { continue }
                if isAtEnd && unreported.isEmpty { break }
                try workforce.wait(orFor: awaitedInputs, lacksHands: lacksHands, timeout: observer.tick)
            }
            assert(workforce.hasEverySlot, "a slot was not given back")
        } catch {
            // The workforce itself failed: nothing that is under way can be finished.
            abandonAll(error)
        }
        workforce.dismiss()
    }

    // MARK: Handing out

    private func handOut() throws(PoolmapError) {
        awaitedInputs = []
        lacksHands = false
        while entryCount < workforce.entryLimit {
            guard workforce.hasHands else {
                lacksHands = !(isAtEnd && open.isEmpty)
                break
            }
            guard try handOutNext() else { break }
        }
        try workforce.sendFiles()
    }

    /// Hands out one piece of the first job that has one; false when all have to wait.
    private func handOutNext() throws(PoolmapError) -> Bool {
        awaitedInputs = []
        for running in open where mayHandOut(running) {
            if try handOutPiece(of: running) { return true }
        }
        if let running = bundles.first {
            bundles.removeFirst()
            begin(running)
            return true
        }
        // Behind a slow stream there may be files that need not wait for it; behind two, there are only streams.
        let mayOpen = open.count < Pipeline.mostOpen && open.count(where: { $0.plan.isStream }) < 2
        guard mayOpen, openCount < workforce.openLimit else { return false }
        if let running = waiting.last, !isBehindUndecided(running) {
            waiting.removeLast()
            begin(running)
            return true
        }
        guard !isAtEnd, unreported.count < Pipeline.mostUnreported, waiting.count < Pipeline.mostOpen else {
            return false
        }
        switch plans.next() {
        case .plan(let plan):
            planCount += 1
            let running = planned(plan, at: [planCount])
            hasOnlyStreams = hasOnlyStreams && plan.isStream
            unreported.append(running)
            if plan.isInput && isBehindUndecided(running) {
                waiting.putInLine([running])
            } else {
                begin(running)
            }
            return true
        case .waitForInput(let descriptor): awaitedInputs.append(descriptor)
        case .waitForReport: break
        case .end: isAtEnd = true
        }
        return false
    }

    /// What goes to standard output holds slots until it may write: nobody before it may need one then.
    private func mayHandOut(_ running: RunningJob) -> Bool {
        mayWrite(running) || (hasOnlyStreams && open.first === running)
    }

    private func planned(_ plan: PlannedJob, at place: [Int]) -> RunningJob {
        lastLane += 1
        let running = RunningJob(plan, at: place, lane: lastLane)
        if !plan.isInput {
            undecided.append(running)
        }
        return running
    }

    private func isBehindUndecided(_ running: RunningJob) -> Bool {
        undecided.contains { $0.precedes(running) }
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
            let isOnlyOne = isLast && entryCount == 1 && open.count == 1 && !hasUnbegun
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

    private var hasUnbegun: Bool {
        !bundles.isEmpty || !waiting.isEmpty || plans.hasMore
    }

    @discardableResult
    private func append(_ kind: Entry.Kind, to running: RunningJob) -> Entry {
        let entry = Entry(running, kind)
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
        // What the front does itself follows no completion.
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

    /// The first error is the one told.
    private func fail(_ running: RunningJob, _ error: PoolmapError) {
        guard running.error == nil else { return }
        running.error = error
        running.job?.cancel()
    }

    /// Accepts what is done at the head of a job's line, and finishes the job when the line is through.
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

    /// Standard output gets the inputs' results one after the other.
    private func mayWrite(_ running: RunningJob) -> Bool {
        !running.plan.isStream || unreported.first === running
    }

    private func settle(_ entry: Entry) throws(PoolmapError) {
        switch entry.kind {
        case .work(let task, let pieces, let slot):
            defer { if let slot { workforce.releaseSlot(slot) } }
            guard entry.job.error == nil, let completion = entry.completion else { return }
            if pieces.count > 1, case .failure(let error) = completion.result, error.code == .processDied {
                return try acceptOneByOne(task, pieces, slot, entry.job, after: completion)
            }
            entry.job.account += try observer.recorder?.add(pieces, completion, of: entry.job.plan) ?? []
            try accept(completion.result, of: pieces, slot, entry.job)
        case .local(let piece, let action):
            if entry.job.error == nil {
                try perform(action, piece, entry.job)
            }
        case .failure(let error):
            throw error
        }
    }

    /// One of the pieces is the reason, and the others are not to suffer for it.
    private func acceptOneByOne(
        _ task: TaskMessage, _ pieces: [Piece], _ slot: Int?, _ running: RunningJob, after earlier: TaskCompletion
    ) throws(PoolmapError) {
        let hands = SpareHands(workforce, isAnother: true)
        defer { hands.dismiss() }
        for (task, piece) in zip(try task.single(), pieces) {
            let completion = hands.complete(task, after: earlier)
            running.account += try observer.recorder?.add([piece], completion, of: running.plan) ?? []
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
            // All over again, in pieces that the front writes.
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
        leaveToOthers(running)
        // Its descriptors and memory go now, whenever its report's turn comes.
        openCount -= running.job?.isOpen == true ? 1 : 0
        running.job = nil
    }

    /// What a bundle has left follows in its place.
    private func leaveToOthers(_ running: RunningJob) {
        guard !running.plan.isInput else { return }
        undecided.removeAll { $0 === running }
        let followers = running.job?.followers ?? []
        running.followers = followers.enumerated().map { planned($1, at: running.place + [$0]) }
        waiting.putInLine(running.followers.filter { $0.plan.isInput })
        for follower in running.followers where !follower.plan.isInput {
            bundles.append(follower)
        }
    }

    private func reportInOrder() {
        while let running = unreported.first, let result = running.result {
            removeFirstUnreported()
            report(running.plan, result, running.account)
            // The next may have waited for its turn at standard output.
            if let next = unreported.first {
                settle(next)
            }
        }
    }

    private func removeFirstUnreported() {
        guard let running = unreported.first else { return }
        unreported.removeFirst()
        unreported.prepend(running.followers)
    }

    private func report(
        _ plan: PlannedJob, _ result: Result<JobSummary, PoolmapError>, _ account: [JSONText] = []
    ) {
        if plan.isInput {
            observer.recorder?.add(result, of: plan, account)
        }
        plan.report(result)
    }

    /// Tells every job that is not finished yet of an error that is not its own.
    private func abandonAll(_ error: PoolmapError) {
        while let running = unreported.first {
            running.job?.cancel()
            removeFirstUnreported()
            report(running.plan, running.result ?? .failure(running.error ?? error), running.account)
        }
        while case .plan(let plan) = plans.next() {
            report(plan, .failure(error))
        }
    }
}
