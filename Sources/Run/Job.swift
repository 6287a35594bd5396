import Files
import Ground
import SystemPackage

/// One input on its way to its output, in pieces: what is cut of it, and how what comes of that is joined.
package protocol Job: AnyObject {
    /// Whether it has descriptors, until it is finished.
    var isOpen: Bool { get }
    /// The next thing to do. Called until it says `end` or throws; does not block.
    func next(_ workforce: Workforce) throws(PoolmapError) -> Step
    /// Takes a result. Called in the order in which `next` handed the pieces out, unless `acceptsInAnyOrder`.
    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError)
    /// Takes, in place of a result, the error of a piece that could not be done.
    ///
    /// Throws it, with its place, unless the job can go on without that piece.
    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError)
    /// Called when everything was accepted: whether there is more to do after all, for which `next` is to be called
    /// again.
    func beginsAgain() throws(PoolmapError) -> Bool
    /// Called when everything was accepted: the output is whole.
    func finish() throws(PoolmapError) -> JobSummary
    /// Whether `look` is called with each result as soon as it is there, before its turn comes.
    var looksAhead: Bool { get }
    /// Looks at a result that may have to wait for its turn.
    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) throws(PoolmapError)
    /// Whether results are accepted as they come, and not in the order in which the pieces were handed out.
    var acceptsInAnyOrder: Bool { get }
    /// Called as soon as the job has failed: what is under way is not needed.
    func cancel()
    /// Called in place of `finish` when the job has failed: gives back the slot that it may be filling.
    func abandon(_ workforce: Workforce)
    /// Known once it is finished: what is to be done and told in its place, behind it and before all that comes later.
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

/// What a job wants next.
package enum Step {
    /// A task for a worker, and the pieces that it is about. The slot, if there is one, is released when its result was accepted. `isLast` says that
    /// the job will have no other; `mayBeDoneHere` that the front has nothing better to do than this little, unless the
    /// workers have all that they can do.
    case work(TaskMessage, [Piece], slot: Int?, isLast: Bool, mayBeDoneHere: Bool = false)
    /// Something that the front does itself, when all pieces before it have been accepted; with the piece that it is
    /// about, where it is one.
    case local(Piece?, () throws(PoolmapError) -> Void)
    /// Nothing before there is input.
    case waitForInput(FileDescriptor)
    /// Nothing before an earlier piece has been accepted.
    case waitForTurn
    /// Nothing any more.
    case end
}

/// An input that a pipeline opens when its turn comes.
package struct PlannedJob {
    /// Who is to do the work.
    package enum Hands {
        /// A worker may do the file whole.
        case anyone
        /// A worker has said that the front must.
        case front
    }

    /// Counted from 0, over all inputs of the run.
    package let number: Int
    package let input: Input
    package let target: Target
    /// What it writes goes where others write too, though the target does not say so.
    package var writesInTurn = false
    /// It is no input of its own, of which an account would be kept.
    var isInput = true
    package let open: (Hands) throws(PoolmapError) -> any Job
    /// Called once, in the order of the inputs, when it is done or has failed.
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

    /// Whether it writes where others do too, as to standard output.
    package var isStream: Bool {
        if case .standardOutput = target { return true }
        return writesInTurn
    }
}

extension PlannedJob {
    /// Something that is only told when its turn comes.
    package static func telling(_ body: @escaping () -> Void) -> PlannedJob {
        PlannedJob(number: 0, input: .standardInput, target: .nowhere, isInput: false) { _ in
            NothingToDo(JobSummary())
        } report: { _ in
            body()
        }
    }
}

/// A job that is done at once, and what is to be said of it.
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
    /// The next one; does not block.
    mutating func next() -> PlanStep
    /// False where it is sure that `next` has no other.
    var hasMore: Bool { get }
}

package enum PlanStep {
    case plan(PlannedJob)
    /// Nothing before there is input, as of a list of names.
    case waitForInput(FileDescriptor)
    /// Nothing before an earlier one has been reported.
    case waitForReport
    case end
}

/// Inputs that are all known beforehand.
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
