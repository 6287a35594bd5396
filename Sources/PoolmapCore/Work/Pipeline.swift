import Multiprocessing
import SystemPackage

/// One input on its way to its output, in pieces.
protocol Job: AnyObject {
    /// The next thing to do. Called until it says `end` or throws; does not block.
    func next(_ workforce: Workforce) throws(PoolmapError) -> Step
    /// Takes a result. Called in the order in which `next` handed the pieces out.
    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError)
    /// Called when everything was accepted: the output is whole.
    func finish() throws(PoolmapError) -> JobSummary
    /// Called in place of `finish` when the job has failed: gives back the slot that it may be filling.
    func abandon(_ workforce: Workforce)
}

extension Job {
    func abandon(_ workforce: Workforce) {}
}

/// What a job wants next.
enum Step {
    /// A task for a worker. The slot, if there is one, is released when its result was accepted. `isLast` says that
    /// the job will have no other.
    case work(Work, Piece, slot: Int?, isLast: Bool)
    /// Something that the front does itself, when all pieces before it have been accepted.
    case local(() throws(PoolmapError) -> Void)
    /// Nothing before there is input.
    case waitForInput(FileDescriptor)
    /// Nothing before an earlier piece has been accepted.
    case waitForTurn
    /// Nothing any more.
    case end
}

/// What became of an input, in bytes.
public struct JobSummary: Sendable {
    /// What was read.
    public var inputBytes: UInt64 = 0
    /// What was made of it.
    public var outputBytes: UInt64 = 0
}

/// An input that a pipeline opens when its turn comes.
struct PlannedJob {
    let open: () throws(PoolmapError) -> any Job
    /// Called once, in the order of the inputs, when it is done or has failed.
    let report: (Result<JobSummary, PoolmapError>) -> Void
}

/// Takes jobs through a workforce, all in one stream of pieces, and puts the results back in order.
///
///     job.next ──> entries ──> workforce ──> entries ──> job.accept ──> … ──> job.finish
///              (handed out in order)     (done in any order)     (accepted in order)
///
/// An entry stays in the line from the moment that its piece is handed out until it is accepted. Pieces of the next
/// file are handed out while those of the one before are still being worked on. The line is short: a task needs a slot
/// or a place, and gives it back only when its result was accepted.
///
/// A job that fails takes its own later pieces with it, no others. The error of its earliest piece is the one told.
final class Pipeline {
    private final class RunningJob {
        let plan: PlannedJob
        let job: (any Job)?
        var error: PoolmapError?

        init(_ plan: PlannedJob, job: (any Job)?, error: PoolmapError?) {
            self.plan = plan
            self.job = job
            self.error = error
        }
    }

    private final class Entry {
        enum Kind {
            case work(Piece, slot: Int?)
            case local(() throws(PoolmapError) -> Void)
            /// An error in its place among the pieces.
            case failure(PoolmapError)
            case finish
        }

        let job: RunningJob
        let kind: Kind
        var result: Result<Done, PoolmapError>?

        init(_ job: RunningJob, _ kind: Kind) {
            self.job = job
            self.kind = kind
        }

        var isReady: Bool {
            if case .work = kind { return result != nil }
            return true
        }
    }

    private let workforce: Workforce
    private let onTick: () -> Void
    private let tick: Duration?
    private var plans: AnyIterator<PlannedJob>
    private var upcoming: PlannedJob?
    private var current: RunningJob?
    private var entries = Line<Entry>()
    private var byTask: [UInt64: Entry] = [:]
    private var awaitedInput: FileDescriptor?

    /// - Parameters:
    ///   - tick: how often `onTick` is called while waiting; nil for never.
    init(
        _ workforce: Workforce, _ plans: some IteratorProtocol<PlannedJob>, tick: Duration? = nil,
        onTick: @escaping () -> Void = {}
    ) {
        self.workforce = workforce
        self.tick = tick
        self.onTick = onTick
        var plans = plans
        self.upcoming = plans.next()
        self.plans = AnyIterator { plans.next() }
    }

    /// Runs all jobs.
    ///
    /// Returns when each has been reported.
    func run() {
        do throws(PoolmapError) {
            while true {
                let handedOut = try handOut()
                let accepted = try acceptInOrder()
                onTick()
                if handedOut || accepted { continue }
                if entries.isEmpty && current == nil && upcoming == nil { break }
                try workforce.wait(orFor: awaitedInput, timeout: tick)
            }
            assert(workforce.hasEverySlot, "a slot was not given back")
        } catch {
            // The workforce itself failed: nothing that is under way can be finished.
            abandonAll(error)
        }
        workforce.dismiss()
    }

    // MARK: Handing out

    /// True if anything new stands in the line.
    private func handOut() throws(PoolmapError) -> Bool {
        var isAnything = false
        awaitedInput = nil
        // Finished and failed jobs take no slot, so the line needs a limit of its own.
        while entries.count < 2 * workforce.capacity {
            guard let running = openNext() else { return isAnything }
            guard try handOutPiece(of: running) else { return isAnything }
            isAnything = true
        }
        return isAnything
    }

    private func openNext() -> RunningJob? {
        if let current { return current }
        guard let plan = upcoming else { return nil }
        upcoming = plans.next()
        do throws(PoolmapError) {
            current = RunningJob(plan, job: try plan.open(), error: nil)
        } catch {
            current = RunningJob(plan, job: nil, error: error)
        }
        return current
    }

    /// False if the job has to wait.
    private func handOutPiece(of running: RunningJob) throws(PoolmapError) -> Bool {
        guard let job = running.job, running.error == nil else {
            entries.append(Entry(running, .finish))
            current = nil
            return true
        }
        let step: Step
        do throws(PoolmapError) {
            step = try job.next(workforce)
        } catch {
            entries.append(Entry(running, .failure(error)))
            entries.append(Entry(running, .finish))
            current = nil
            return true
        }
        switch step {
        case .work(let work, let piece, let slot, let isLast):
            let entry = Entry(running, .work(piece, slot: slot))
            entries.append(entry)
            let isOnlyOne = isLast && upcoming == nil && entries.count == 1
            byTask[try workforce.submit(work, isOnlyOne: isOnlyOne)] = entry
        case .local(let action):
            entries.append(Entry(running, .local(action)))
        case .waitForInput(let descriptor):
            awaitedInput = descriptor
            return false
        case .waitForTurn:
            return false
        case .end:
            entries.append(Entry(running, .finish))
            current = nil
        }
        return true
    }

    // MARK: Accepting

    /// True if the line became shorter.
    private func acceptInOrder() throws(PoolmapError) -> Bool {
        for (task, result) in try workforce.collect() {
            byTask.removeValue(forKey: task)?.result = result
        }
        var isAnything = false
        while let entry = entries.first, entry.isReady {
            entries.removeFirst()
            isAnything = true
            do throws(PoolmapError) {
                try settle(entry)
            } catch {
                entry.job.error = entry.job.error ?? error
            }
        }
        return isAnything
    }

    private func settle(_ entry: Entry) throws(PoolmapError) {
        switch entry.kind {
        case .work(let piece, let slot):
            defer { if let slot { workforce.releaseSlot(slot) } }
            guard entry.job.error == nil, let result = entry.result else { return }
            try accept(result, of: piece, slot, entry.job)
        case .local(let action):
            if entry.job.error == nil {
                try action()
            }
        case .failure(let error):
            throw error
        case .finish:
            report(entry.job)
        }
    }

    private func accept(
        _ result: Result<Done, PoolmapError>, of piece: Piece, _ slot: Int?, _ running: RunningJob
    ) throws(PoolmapError) {
        switch result {
        case .failure(let error): throw error.at(piece.description)
        case .success(.failed(let error)):
            throw error.code == .damaged ? error.at(piece.description) : error
        case .success(let done): try running.job?.accept(done, slot: slot, workforce)
        }
    }

    private func report(_ running: RunningJob) {
        if let error = running.error {
            running.job?.abandon(workforce)
            return running.plan.report(.failure(error))
        }
        do throws(PoolmapError) {
            running.plan.report(.success(try running.job?.finish() ?? JobSummary()))
        } catch {
            running.plan.report(.failure(error))
        }
    }

    /// Tells every job that is not finished yet of an error that is not its own.
    private func abandonAll(_ error: PoolmapError) {
        var told: RunningJob?
        while let entry = entries.first {
            entries.removeFirst()
            if entry.job !== told, entry.job !== current {
                entry.job.plan.report(.failure(entry.job.error ?? error))
                told = entry.job
            }
        }
        if let current {
            current.plan.report(.failure(current.error ?? error))
        }
        while let plan = upcoming {
            plan.report(.failure(error))
            upcoming = plans.next()
        }
    }
}

/// First in, first out; keeps nothing of what was taken.
private struct Line<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func removeFirst() {
        elements[head] = nil
        head += 1
        if head > 64 {
            elements.removeFirst(head)
            head = 0
        }
    }
}
