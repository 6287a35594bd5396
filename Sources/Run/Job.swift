import Files
import Ground
import SystemPackage

/// One input on its way to its output, in pieces: how it is cut, and how the results are joined.
package protocol Job: AnyObject {
    /// Whether it holds descriptors until it is finished.
    var isOpen: Bool { get }
    /// The next step. Called until it returns `end` or throws; does not block.
    func next(_ workforce: Workforce) throws(PoolmapError) -> Step
    /// Takes a result. Called in the order in which `next` handed the pieces out, unless `acceptsInAnyOrder`.
    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError)
    /// Takes the error of a piece that failed, in place of its result.
    ///
    /// Rethrows it with its position, unless the job can go on without that piece.
    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError)
    /// Called when everything was accepted. Returns true if there is more to do after all; then `next` is called again.
    func beginsAgain() throws(PoolmapError) -> Bool
    /// Called when everything was accepted: the output is whole.
    func finish() throws(PoolmapError) -> JobSummary
    /// Whether `look` is called with each result as soon as it arrives, before its turn.
    var looksAhead: Bool { get }
    /// Sees a result early, while it may still have to wait for its turn.
    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) throws(PoolmapError)
    /// Whether results are accepted as they arrive rather than in the order the pieces were handed out.
    var acceptsInAnyOrder: Bool { get }
    /// Called as soon as the job has failed: work in progress is no longer needed.
    func cancel()
    /// Called in place of `finish` when the job has failed; releases the slot that the job may be filling.
    func abandon(_ workforce: Workforce)
    /// Jobs that take this one's place in the order, before all later ones; known once it is finished.
    var followers: [PlannedJob] { get }
}

extension Job {
    package var isOpen: Bool { true }

    package func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce)
        throws(PoolmapError)
    {
        let hasPlace = (error.code == .damaged || error.code == .processDied) && !piece.isWholeFile
        throw hasPlace ? error.at(piece.description) : error
    }

    package func beginsAgain() -> Bool { false }

    package var looksAhead: Bool { false }

    package func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) {}

    package var acceptsInAnyOrder: Bool { false }

    package func cancel() {}

    package func abandon(_ workforce: Workforce) {}

    package var followers: [PlannedJob] { [] }
}

/// What a job does next.
package enum Step {
    /// A task for a worker, and the pieces it covers. The slot, if any, is released once its result is accepted.
    /// `isLast` means that no other task of this job follows; `mayBeDoneHere` that the front may do a task this small
    /// itself while the workers do not have enough to do.
    case work(TaskMessage, [Piece], slot: Int?, isLast: Bool, mayBeDoneHere: Bool = false)
    /// A step that the front does itself once all earlier pieces are accepted, with the piece it is about, if any.
    case local(Piece?, () throws(PoolmapError) -> Void)
    /// Nothing to do until there is input.
    case waitForInput(FileDescriptor)
    /// Nothing to do until an earlier piece has been accepted.
    case waitForTurn
    /// Nothing left to do.
    case end
}

/// An input that a pipeline opens when its turn comes.
package struct PlannedJob {
    /// Which processes may do the work.
    package enum Hands {
        /// A worker may do the whole file.
        case anyone
        /// The front must, because a worker declined the file.
        case front
    }

    /// Counted from 0, over all inputs of the run.
    package let number: Int
    package let input: Input
    package let target: Target
    /// Whether it writes where other jobs write too, although the target does not say so.
    package var writesInTurn = false
    /// False for a job that is not itself an input and so has no entry in the report.
    var isInput = true
    package let open: (Hands) throws(PoolmapError) -> any Job
    /// Called once, in input order, when the job is done or has failed.
    package let report: (Result<JobSummary, PoolmapError>) -> Void

    package init(
        number: Int, input: Input, target: Target, writesInTurn: Bool = false, isInput: Bool = true,
        open: @escaping (Hands) throws(PoolmapError) -> any Job,
        report: @escaping (Result<JobSummary, PoolmapError>) -> Void
    ) {
        self.number = number
        self.input = input
        self.target = target
        self.writesInTurn = writesInTurn
        self.isInput = isInput
        self.open = open
        self.report = report
    }

    /// Whether it writes where other jobs write too, such as to standard output.
    package var isStream: Bool {
        if case .standardOutput = target { return true }
        return writesInTurn
    }
}

extension PlannedJob {
    /// A job that only calls `body` when its turn comes.
    package static func telling(_ body: @escaping () -> Void) -> PlannedJob {
        PlannedJob(number: 0, input: .standardInput, target: .nowhere, isInput: false) { _ in
            NothingToDo(JobSummary())
        } report: { _ in
            body()
        }
    }
}

/// A job that is already done, with its summary.
package final class NothingToDo: Job {
    package let isOpen = false
    private let summary: JobSummary

    package init(_ summary: JobSummary) {
        self.summary = summary
    }

    package func next(_ workforce: Workforce) -> Step { .end }

    package func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) {}

    package func finish() -> JobSummary { summary }
}

/// The inputs of a run, each planned when its turn comes.
package protocol PlanSource {
    /// The next step; does not block.
    mutating func next() -> PlanStep
    /// False only if `next` certainly has no more plans.
    var hasMore: Bool { get }
}

package enum PlanStep {
    case plan(PlannedJob)
    /// Nothing until there is input, such as more of a list of names.
    case waitForInput(FileDescriptor)
    /// Nothing until an earlier plan has been reported.
    case waitForReport
    case end
}

/// Inputs that are all known in advance.
package struct PlanList: PlanSource {
    private var plans: ArraySlice<PlannedJob>

    package init(_ plans: [PlannedJob]) {
        self.plans = plans[...]
    }

    package var hasMore: Bool { !plans.isEmpty }

    package mutating func next() -> PlanStep {
        plans.popFirst().map { .plan($0) } ?? .end
    }
}
