import Ground
import RunReport

/// A job between planning and reporting.
final class RunningJob {
    let plan: PlannedJob
    /// Its position in input order: its plan's number, then its index among the followers of that plan, and so on.
    package let place: [Int]
    /// The lane in which the pool returns its results.
    let lane: Int
    var job: (any Job)?
    var error: PoolmapError?
    var line = Line<Entry>()
    /// No more pieces will follow.
    var isHandedOut = false
    var hands = PlannedJob.Hands.anyone
    /// A worker left the input to the front, which has not started it yet.
    var isReturned = false
    var result: Result<JobSummary, PoolmapError>?
    /// What the report says about its pieces.
    var account: [ReportedPiece] = []
    /// Jobs that are reported right after it.
    var followers: [RunningJob] = []

    init(_ plan: PlannedJob, at place: [Int], lane: Int) {
        self.plan = plan
        self.place = place
        self.lane = lane
    }

    /// Whether it comes before the other in input order.
    func precedes(_ other: RunningJob) -> Bool {
        place.lexicographicallyPrecedes(other.place)
    }
}

extension [RunningJob] {
    /// Inserts consecutive inputs into this list, which is in reverse input order.
    mutating func putInLine(_ inputs: [RunningJob]) {
        guard let first = inputs.first else { return }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if first.precedes(self[middle]) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        insert(contentsOf: inputs.reversed(), at: low)
    }
}

final class Entry {
    enum Kind {
        case work(TaskMessage, [Piece], slot: Int?)
        case local(Piece?, () throws(PoolmapError) -> Void)
        /// An error at its position among the pieces.
        case failure(PoolmapError)
    }

    let job: RunningJob
    let kind: Kind
    var completion: TaskCompletion?
    /// When the task was handed out, on the monotonic clock, if the run is recorded.
    var handedOutNanoseconds: UInt64 = 0

    init(_ job: RunningJob, _ kind: Kind) {
        self.job = job
        self.kind = kind
    }

    var isReady: Bool {
        if case .work = kind { return completion != nil }
        return true
    }
}
