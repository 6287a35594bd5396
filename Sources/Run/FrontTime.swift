import Ground

/// The time that the main process spends on each activity, for a report, in nanoseconds for each stretch of the run.
///
/// A stretch lasts a millisecond at first. When there are too many, pairs of them are merged, so a run of any length
/// takes the same memory, and the same space in its report.
package struct FrontTime {
    /// What the main process may be doing.
    package enum Activity: String, CaseIterable {
        /// Takes results, and writes what must be written in order.
        case takingResults
        /// Finds and reads inputs, and hands out pieces.
        case handingOut
        /// There is nothing to hand out until input arrives.
        case waitingForInput
        /// There is work to hand out, but make has no free job.
        case waitingForTokens
        /// There is work to hand out, but no room for its results.
        case waitingForRoom
        /// Everything is handed out.
        case waitingForResults
    }

    private var activity = Activity.handingOut
    private var since: UInt64
    private let start: UInt64
    private var stretchNanoseconds: UInt64 = 1_000_000
    private var stretches: [[UInt64]] = []

    private static let mostStretches = 512

    /// - Parameter start: the start of the run, on the monotonic clock.
    init(from start: UInt64) {
        self.start = start
        since = start
    }

    /// Switches to another activity.
    mutating func begin(_ next: Activity) {
        begin(next, at: monotonicNanoseconds())
    }

    mutating func begin(_ next: Activity, at now: UInt64) {
        add(from: since - start, to: max(since, now) - start)
        (activity, since) = (next, max(since, now))
    }

    private mutating func add(from first: UInt64, to end: UInt64) {
        while end > stretchNanoseconds * UInt64(FrontTime.mostStretches) { halve() }
        var place = first
        while place < end {
            let number = Int(place / stretchNanoseconds)
            let next = min(end, UInt64(number + 1) * stretchNanoseconds)
            while stretches.count <= number {
                stretches.append(Array(repeating: 0, count: Activity.allCases.count))
            }
            stretches[number][activity.number] += next - place
            place = next
        }
    }

    private mutating func halve() {
        stretchNanoseconds *= 2
        stretches = stride(from: 0, to: stretches.count, by: 2).map { number in
            let pair = stretches[number..<min(number + 2, stretches.count)]
            return Activity.allCases.map { activity in pair.reduce(0) { $0 + $1[activity.number] } }
        }
    }

    /// The times up to `now`, for the report.
    mutating func json(at now: UInt64) -> JSONText {
        begin(activity, at: now)
        let times = Activity.allCases.map { activity in
            (activity.rawValue, JSONText.array(stretches.map { .number($0[activity.number]) }))
        }
        return .object([("bucketNanoseconds", .number(stretchNanoseconds))] + times)
    }
}

extension FrontTime.Activity {
    fileprivate var number: Int { FrontTime.Activity.allCases.firstIndex(of: self) ?? 0 }
}
