import Ground

/// An input whose pieces are under way.
final class RunningJob {
    let plan: PlannedJob
    /// Where it stands among the inputs: its plan's number, and behind it that among what that one has left, and so on.
    package let place: [Int]
    /// In which the pool gives back its results.
    let lane: Int
    var job: (any Job)?
    var error: PoolmapError?
    var line = Line<Entry>()
    /// No more pieces will come.
    var isHandedOut = false
    var hands = PlannedJob.Hands.anyone
    /// A worker said that the input is for the front, which has not begun with it.
    var isReturned = false
    var result: Result<JobSummary, PoolmapError>?
    /// What the report is to say of its pieces.
    var account: [JSONText] = []
    /// They are reported behind it.
    var followers: [RunningJob] = []

    init(_ plan: PlannedJob, at place: [Int], lane: Int) {
        self.plan = plan
        self.place = place
        self.lane = lane
    }

    /// Whether it comes before the other in the order of the inputs.
    func precedes(_ other: RunningJob) -> Bool {
        place.lexicographicallyPrecedes(other.place)
    }
}

extension [RunningJob] {
    /// Puts inputs that stand one behind the other among those that wait, of which the first in the order of the inputs comes
    /// last.
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
        /// An error in its place among the pieces.
        case failure(PoolmapError)
    }

    let job: RunningJob
    let kind: Kind
    var completion: TaskCompletion?

    init(_ job: RunningJob, _ kind: Kind) {
        self.job = job
        self.kind = kind
    }

    var isReady: Bool {
        if case .work = kind { return completion != nil }
        return true
    }
}
