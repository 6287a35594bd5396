import SystemPackage

/// One input on its way to its output, in pieces: what is cut of it, and how what comes of that is joined.
protocol Job: AnyObject {
    /// Whether it has descriptors, until it is finished.
    var isOpen: Bool { get }
    /// The next thing to do. Called until it says `end` or throws; does not block.
    func next(_ workforce: Workforce) throws(PoolmapError) -> Step
    /// Takes a result. Called in the order in which `next` handed the pieces out.
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
    /// Called in place of `finish` when the job has failed: gives back the slot that it may be filling.
    func abandon(_ workforce: Workforce)
    /// Known once it is finished: what is to be done and told in its place, behind it and before all that comes later.
    var followers: [PlannedJob] { get }
}

extension Job {
    var isOpen: Bool { true }

    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        let hasPlace = (error.code == .damaged || error.code == .processDied) && !piece.isWholeFile
        throw hasPlace ? error.at(piece.description) : error
    }

    func beginsAgain() -> Bool { false }

    func abandon(_ workforce: Workforce) {}

    var followers: [PlannedJob] { [] }
}

/// What a job wants next.
enum Step {
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

/// What became of an input.
package struct JobSummary: Sendable {
    /// What was read, in bytes.
    package var inputBytes: UInt64 = 0
    /// What was made of it, in bytes.
    package var outputBytes: UInt64 = 0
    /// The target was there with this content, and was left alone.
    package var isUnchanged = false
    /// The digests of the content, in the order of the algorithms, where they were asked for.
    package var digests: [String] = []
    /// Why the target lacks the input's mode or times, or for root the owner; nil where it has them.
    package var metadataErrno: Int32?
    /// The input was to be removed, and is there still, since it is no regular file.
    package var isInputKept = false
    /// What of it was lost; nil but of a salvage, which no worker does whole.
    package var salvage: SalvageSummary?
}

extension PoolmapError {
    /// Why an input that was to be removed is there still; nil where it was not, or is gone.
    package static func inputKept(of summary: JobSummary) -> PoolmapError? {
        summary.isInputKept ? PoolmapError(.ignored, "is kept: --rm removes regular files only") : nil
    }

    /// What an input's target lacks; nil for nothing.
    package static func metadata(of summary: JobSummary) -> PoolmapError? {
        summary.metadataErrno.map {
            PoolmapError(
                .metadata, "the mode, owner or times of its target could not be set", errno: Errno(rawValue: $0))
        }
    }
}

/// An input that a pipeline opens when its turn comes.
struct PlannedJob {
    /// Who is to do the work.
    enum Hands {
        /// A worker may do the file whole.
        case anyone
        /// A worker has said that the front must.
        case front
    }

    /// Counted from 0, over all inputs of the run.
    let number: Int
    let input: Input
    let target: Target
    /// What it writes goes where others write too, though the target does not say so.
    var writesInTurn = false
    /// It is no input of its own, of which an account would be kept.
    var isInput = true
    let open: (Hands) throws(PoolmapError) -> any Job
    /// Called once, in the order of the inputs, when it is done or has failed.
    let report: (Result<JobSummary, PoolmapError>) -> Void

    /// Whether it writes where others do too, as to standard output.
    var isStream: Bool {
        if case .standardOutput = target { return true }
        return writesInTurn
    }
}

extension PlannedJob {
    /// Something that is only told when its turn comes.
    static func telling(_ body: @escaping () -> Void) -> PlannedJob {
        PlannedJob(number: 0, input: .standardInput, target: .nowhere, isInput: false) { _ in
            NothingToDo()
        } report: { _ in
            body()
        }
    }
}

/// A job that is done at once.
private final class NothingToDo: Job {
    let isOpen = false

    func next(_ workforce: Workforce) -> Step { .end }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) {}

    func finish() -> JobSummary { JobSummary() }
}

/// The inputs of a run, each planned when its turn comes.
protocol PlanSource {
    /// The next one; does not block.
    mutating func next() -> PlanStep
    /// False where it is sure that `next` has no other.
    var hasMore: Bool { get }
}

enum PlanStep {
    case plan(PlannedJob)
    /// Nothing before there is input, as of a list of names.
    case waitForInput(FileDescriptor)
    /// Nothing before an earlier one has been reported.
    case waitForReport
    case end
}

/// A single input.
struct SinglePlan: PlanSource {
    private var plan: PlannedJob?

    init(_ plan: PlannedJob) {
        self.plan = plan
    }

    var hasMore: Bool { plan != nil }

    mutating func next() -> PlanStep {
        plan.take().map { .plan($0) } ?? .end
    }
}

/// Who is told of a run as it goes on.
struct RunObserver {
    /// How often `onTick` is called while the run waits, beside each time that something is done; nil for never.
    var tick: Duration?
    var onTick: () -> Void = {}
    var recorder: RunRecorder?
}
